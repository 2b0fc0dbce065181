import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unknownVariables } from "../../src/settings/unknown-variables.ts";

const nearest = (file: Record<string, string>, environment: Record<string, string> = {}) =>
  Object.fromEntries(unknownVariables(file, environment).map(({ name, nearest }) => [name, nearest]));

test("a misspelt variable is reported with the correct name, wherever it is set", () => {
  const slips = {
    FETCH_CONCURENCY: "FETCH_CONCURRENCY",
    MAX_ATEMPTS: "MAX_ATTEMPTS",
    OUTAGE_LIMIT: undefined,
    OUTAGE_LIMITS_MS: "OUTAGE_LIMIT_MS",
    UPYUN_OPERATER: "UPYUN_OPERATOR",
    UPYUN_PASSWD: "UPYUN_PASSWORD",
    UPYUN_BUCKET: "UPYUN_SEPARATOR",
    UPYN_PASSWORD: "UPYUN_PASSWORD",
    PHOTOS_UPYUN_OPERATR: "PHOTOS_UPYUN_OPERATOR",
    MIN_FREE_INODE: "MIN_FREE_INODES",
    fetch_concurrency: "FETCH_CONCURRENCY",
  };
  for (const where of ["file", "environment"] as const) {
    for (const [name, meant] of Object.entries(slips)) {
      const variables = { [name]: "1" };
      const found = where === "file" ? nearest(variables) : nearest({}, variables);
      if (name === "UPYUN_BUCKET") assert.ok(name in found);
      else assert.equal(found[name], meant, name);
    }
  }
});

test("the form of a variable for one configured source is looked at, too", () => {
  const SOURCES = "my-photos=upyun://photos";
  assert.deepEqual(nearest({ SOURCES, MY_PHOTOS_REFERRER: "x", MY_PHOTOS_REFERER: "y" }), {
    MY_PHOTOS_REFERRER: "MY_PHOTOS_REFERER",
  });
});

test("names that other programs use are ours only in .env", () => {
  assert.deepEqual(nearest({ VOLUME: "/mnt", REFERRER: "x", SOURCE: "y" }), {
    VOLUME: "VOLUMES",
    REFERRER: "REFERER",
    SOURCE: "SOURCES",
  });
  const others =
    `HTTPS_PORT HTTP_PORTS HTTP_HOSTS HTTP_USER_AGENT VOLUME SOURCE LOG_LEVELS STATE_DIRS LEDGER_FILE FTP_PROXY
    npm_config_proxy npm_config_https_proxy npm_command PATH HOME SHELL USER LANG LC_ALL TERM PWD OLDPWD SHLVL _ DISPLAY
    SSH_CONNECTION XDG_RUNTIME_DIR XDG_STATE_HOME DBUS_SESSION_BUS_ADDRESS MAIL LOGNAME EDITOR PAGER NODE_OPTIONS NODE_ENV CI
    INVOCATION_ID JOURNAL_STREAM HOSTNAME TZ KUBERNETES_SERVICE_HOST DOCKER_HOST AWS_REGION RABBITMQ_NODENAME DATABASE_URL
    REDIS_URL AMQP_HOST AMQP_PORT AMQP_USER SSL_CERT_DIR BRIGADE_SIGHUP UV_THREADPOOL_SIZE`.split(/\s+/);
  assert.deepEqual(nearest({}, Object.fromEntries(others.map((name) => [name, "1"]))), {});
});

test("nothing that .env.example names is unknown, nor its form for one source", () => {
  const text = readFileSync(new URL("../../../../.env.example", import.meta.url), "utf8");
  const names = [...text.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name = ""]) => name);
  assert.ok(names.length > 50);
  assert.deepEqual(nearest(Object.fromEntries(names.map((name) => [name, "1"]))), {});
  const forms = names.filter((name) => name.startsWith("UPYUN_")).map((name) => [`OLD_PHOTOS_${name}`, "1"]);
  assert.deepEqual(nearest({}, Object.fromEntries(forms)), {});
});
