import { define } from "../frame/element.js";
import { SoftLookup } from "../elements/soft-lookup.js";
import { SoftmaxBars } from "../elements/softmax-bars.js";
import { VectorPlane } from "../elements/vector-plane.js";

define({ "soft-lookup": SoftLookup, "softmax-bars": SoftmaxBars, "vector-plane": VectorPlane });
