import { AttentionPlayer } from "../elements/attention-player.js";
import { define } from "../frame/element.js";

define({ "attention-player": AttentionPlayer });
