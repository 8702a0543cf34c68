import { define } from "./element.js";
import { TrainingBars } from "./training-bars.js";

define({ "training-bars": TrainingBars });
