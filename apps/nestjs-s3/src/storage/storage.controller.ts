import { Controller, Get, Header, Inject, Res } from "@nestjs/common";
import type { ServerResponse } from "node:http";
import { StorageService } from "./storage.service.ts";
import type { StoredFile } from "./stored-file.ts";

/** `GET /api/files`: the bucket's objects as a JSON array. */
@Controller("api/files")
export class StorageController {
  constructor(@Inject(StorageService) private readonly storage: StorageService) {}

  @Get()
  @Header("Cache-Control", "no-store")
  async list(@Res({ passthrough: true }) response: ServerResponse): Promise<readonly StoredFile[]> {
    const { files, truncated } = await this.storage.list();
    if (truncated) response.setHeader("X-Truncated", "true");
    return files;
  }
}
