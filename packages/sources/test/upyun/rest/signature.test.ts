import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePath } from "../../../src/http/requests/encode.ts";
import { token } from "../../../src/upyun/objects/token.ts";
import { Signer, StoreTime } from "../../../src/upyun/rest/signature.ts";

const date = "Wed, 09 Nov 2016 14:26:58 GMT";
const signer = new Signer("operator123", "password123");

test("signs as the vendor's documentation and SDKs do", () => {
  const message = `PUT&/upyun-temp/demo.jpg&${date}&7ac66c0f148de9519b8bd264312c4d64`;
  assert.equal(signer.signature(message), "YUaAZX+WNAcJdNGHS5SBlITME5A=");
  assert.equal(new Signer("any", "password").signature("POST&/bucket"), "Xx3G6+DAvUyCL2Y2npSW/giTFI8=");
});

test("signs a listing and an encoded key", () => {
  assert.equal(
    signer.authorization("GET", "/upyun-temp/", date),
    "UPYUN operator123:V5NN3Xb6w4kSQCXuab8spbNBMsY=",
  );
  const uri = `/upyun-temp/${encodePath("中文 a#b.txt")}`;
  assert.equal(uri, "/upyun-temp/%E4%B8%AD%E6%96%87%20a%23b.txt");
  assert.equal(signer.authorization("GET", uri, date), "UPYUN operator123:dqQVDO3A0sE+bDpWNQ1uoLmrE6g=");
});

test("makes the token of a protected domain", () => {
  assert.equal(token("secret", "/dir/pic.jpg", 1370000600), "0c74625e1370000600");
});

test("corrects its clock by the store's, unless they agree within a minute", () => {
  const time = new StoreTime({ now: () => Date.parse(date) });
  assert.equal(time.date(), date);
  assert.equal(time.learn("Wed, 09 Nov 2016 14:27:38 GMT"), false);
  assert.equal(time.learn("not a date"), false);
  assert.equal(time.learn(undefined), false);
  assert.equal(time.learn("Wed, 09 Nov 2016 16:26:58 GMT"), true);
  assert.equal(time.date(), "Wed, 09 Nov 2016 16:26:58 GMT");
  assert.equal(time.learn("Wed, 09 Nov 2016 16:26:58 GMT"), false);
});
