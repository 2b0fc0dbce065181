import { brokerConformance } from "../conformance.ts";
import { EmbeddedBench } from "./bench.ts";

brokerConformance("embedded", EmbeddedBench.create);
