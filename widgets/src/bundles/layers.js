import { AttentionCost } from "../elements/attention-cost.js";
import { define } from "../frame/element.js";
import { LayerCosts } from "../elements/layer-costs.js";
import { PositionMap } from "../elements/position-map.js";
import { ReceptiveField } from "../elements/receptive-field.js";

define({ "attention-cost": AttentionCost, "layer-costs": LayerCosts, "position-map": PositionMap, "receptive-field": ReceptiveField });
