import { brokerConformance } from "./conformance.ts";
import { EmbeddedBench } from "./embedded-bench.ts";

brokerConformance("embedded", EmbeddedBench.create);
