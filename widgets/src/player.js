import { AttentionPlayer } from "./attention-player.js";
import { define } from "./element.js";

define({ "attention-player": AttentionPlayer });
