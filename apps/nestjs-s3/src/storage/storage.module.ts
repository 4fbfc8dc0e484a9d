import { Module } from "@nestjs/common";
import { S3Clients } from "./s3-clients.ts";
import { StorageController } from "./storage.controller.ts";
import { StorageService } from "./storage.service.ts";

/** Lists the bucket. */
@Module({
  controllers: [StorageController],
  providers: [S3Clients, StorageService],
})
export class StorageModule {}
