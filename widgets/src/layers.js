import { AttentionCost } from "./attention-cost.js";
import { define } from "./element.js";
import { LayerCosts } from "./layer-costs.js";
import { PositionMap } from "./position-map.js";
import { ReceptiveField } from "./receptive-field.js";

define({ "attention-cost": AttentionCost, "layer-costs": LayerCosts, "position-map": PositionMap, "receptive-field": ReceptiveField });
