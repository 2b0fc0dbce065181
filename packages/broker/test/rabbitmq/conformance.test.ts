import { after } from "node:test";
import { chooseBroker } from "../../../../test/rabbitmq/index.ts";
import { brokerConformance } from "../conformance.ts";
import { RabbitBench } from "./bench.ts";

const broker = await chooseBroker();
after(() => broker[Symbol.asyncDispose]());

brokerConformance("rabbitmq", () => RabbitBench.create(broker.url));
