import { define } from "./element.js";
import { SoftLookup } from "./soft-lookup.js";
import { SoftmaxBars } from "./softmax-bars.js";
import { VectorPlane } from "./vector-plane.js";

define({ "soft-lookup": SoftLookup, "softmax-bars": SoftmaxBars, "vector-plane": VectorPlane });
