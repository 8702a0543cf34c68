// The widgets in which a Transformer runs. On the site its weights stand in weights/NAME.js: SelfAttention.weights("NAME", "...").
import { define } from "./element.js";
import { LiveTranslator, TranslatorMap } from "./live-translator.js";
import { weights } from "./model.js";
import { TransformerBlocks } from "./transformer-blocks.js";

SelfAttention.weights = weights;

define({ "translator-map": TranslatorMap, "live-translator": LiveTranslator, "transformer-blocks": TransformerBlocks });
