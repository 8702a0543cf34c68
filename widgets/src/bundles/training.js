import { define } from "../frame/element.js";
import { TrainingBars } from "../elements/training-bars.js";

define({ "training-bars": TrainingBars });
