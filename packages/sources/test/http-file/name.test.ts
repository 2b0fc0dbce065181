import assert from "node:assert/strict";
import { test } from "node:test";
import { dispositionName, safeName } from "../../src/http-file/file-name.ts";
import { serve } from "../scenario.ts";
import { find, sendFile } from "./scene.ts";

test("reads the name of every form of Content-Disposition", () => {
  for (const [header, name] of [
    ["attachment; filename=plain.zip", "plain.zip"],
    ['attachment; filename="two words.zip"', "two words.zip"],
    ['attachment; filename="a \\"b\\"; c.zip"; size=5', 'a "b"; c.zip'],
    ["attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.zip", "naïve €.zip"],
    ["attachment; filename=\"fallback.zip\"; filename*=utf-8'en'better.zip", "better.zip"],
    ["attachment; filename*=ISO-8859-1''na%EFve.zip", "naïve.zip"],
    ["attachment; filename*=UTF-8''%FF; filename=fallback.zip", "fallback.zip"],
    [`attachment; filename="${Buffer.from("数据.zip").toString("latin1")}"`, "数据.zip"],
    ["attachment; filename*=GBK''%CE%C4%BC%FE.zip", "文件.zip"],
    ["attachment; filename*=no-such''a.zip; filename=fallback.zip", "fallback.zip"],
    ["attachment; filename=two words.zip ; size=5", "two words.zip"],
    ['filename="bare.zip"', "bare.zip"],
    ["attachment", undefined],
  ] as const)
    assert.equal(dispositionName(header), name, header);
});

test("a foreign name is safe in any folder", () => {
  for (const [name, safe] of [
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\system.ini", "system.ini"],
    ["/", "download"],
    ["", "download"],
    ["..", "download"],
    [".bashrc", "bashrc"],
    ["-rf", "rf"],
    ["a\0b\nc\u202Egnp.exe", "abcgnp.exe"],
    ["a:b?.zip", "a_b_.zip"],
    ["name. ", "name"],
    ["文件.zip", "文件.zip"],
  ] as const)
    assert.equal(safeName(name), safe, JSON.stringify(name));
  const long = safeName(`${"文".repeat(300)}.tar.gz`);
  assert.equal(safeName("x".repeat(255)), "x".repeat(255));
  assert.ok(Buffer.byteLength(long) <= 255 && long.endsWith(".gz"), long);
});

test("the server's name counts first, then the URL's that looks like a file, then the host's", async (t) => {
  const headers: Record<string, string> = {};
  const { url } = await serve(t, (request, response) => {
    if (request.url?.startsWith("/go") === true)
      response.writeHead(302, { location: "/store/real.zip?x=1" }).end();
    else sendFile(request, response, { bytes: Buffer.from("1") }, headers);
  });
  const name = async (path: string) => (await find(t, url + path)).name;
  assert.equal(await name("/a%20b.zip"), "a b.zip");
  assert.equal(await name("/go?id=7"), "real.zip");
  assert.equal(await name("/go.tar"), "go.tar");
  assert.equal(await name("/download"), "download");
  assert.equal(await name("/"), "127.0.0.1");
  headers["content-disposition"] = 'attachment; filename="../told.zip"';
  assert.equal(await name("/a.zip"), "told.zip");
});
