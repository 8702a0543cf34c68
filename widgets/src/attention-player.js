import { WidgetElement } from "./element.js";
export class AttentionPlayer extends WidgetElement { static STYLE = ""; build() { return document.createElement("div"); } draw() {} }
