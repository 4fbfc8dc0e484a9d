import { readFileSync } from "node:fs";
import { Controller, Get, Header } from "@nestjs/common";

// The folder is beside src/ and dist/, so this path is right for tests and for the built server.
const read = (name: string): string => readFileSync(new URL(`../public/${name}`, import.meta.url), "utf8");

/** `GET /`: a page that shows the files and the caller, and the three files that it needs. */
@Controller()
export class PageController {
  private readonly html = read("index.html");
  private readonly css = read("page.css");
  private readonly script = read("page.js");
  private readonly svg = read("icon.svg");

  @Get()
  @Header("Content-Type", "text/html; charset=utf-8")
  @Header("Cache-Control", "no-cache")
  page(): string {
    return this.html;
  }

  @Get("page.css")
  @Header("Content-Type", "text/css; charset=utf-8")
  @Header("Cache-Control", "no-cache")
  style(): string {
    return this.css;
  }

  @Get("page.js")
  @Header("Content-Type", "text/javascript; charset=utf-8")
  @Header("Cache-Control", "no-cache")
  behaviour(): string {
    return this.script;
  }

  @Get("icon.svg")
  @Header("Content-Type", "image/svg+xml")
  @Header("Cache-Control", "no-cache")
  icon(): string {
    return this.svg;
  }
}
