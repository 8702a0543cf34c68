// The live translator. On the site its weights stand in weights/NAME.js: SelfAttention.weights("NAME", "<base64>").
import { define } from "./element.js";
import { LiveTranslator, TranslatorMap, weights } from "./live-translator.js";

SelfAttention.weights = weights;

define({ "translator-map": TranslatorMap, "live-translator": LiveTranslator });
