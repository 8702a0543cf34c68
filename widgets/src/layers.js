import { AttentionCost } from "./attention-cost.js";
import { define } from "./element.js";
import { PositionMap } from "./position-map.js";

define({ "attention-cost": AttentionCost, "position-map": PositionMap });
