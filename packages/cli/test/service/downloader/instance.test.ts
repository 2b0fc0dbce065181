import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instanceOf } from "../../../src/service/downloader/instance.ts";

const silent = async (): Promise<never> => assert.fail("nobody is to be asked");

describe("what distinguishes a downloader from others on its host", () => {
  test("is what is configured, and DNS is not asked", async () => {
    assert.equal(await instanceOf("3", silent), "3");
    assert.equal(await instanceOf(undefined, silent), undefined);
  });

  test("is the number of its container, as DNS gives it", async () => {
    const number = (...names: string[]) => instanceOf("@dns", async () => names);
    assert.equal(await number("brigade-downloader-12.brigade_default"), "12");
    assert.equal(await number("brigade_downloader_1.brigade_default"), "1", "as --compatibility names it");
    assert.equal(await number("gateway.example", "x-downloader-2"), "2");
  });

  test("is undefined where DNS gives no number", async () => {
    const names = ["brigade-downloader-run-333215901123.brigade_default", "web-7.example.com", "second"];
    assert.equal(await instanceOf("@dns", async () => names), undefined);
    assert.equal(await instanceOf("@dns", async () => []), undefined);
  });
});
