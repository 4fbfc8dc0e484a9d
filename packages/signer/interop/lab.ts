import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeMaterial } from "./material.ts";
import type { Material } from "./material.ts";
import { startRecordingService } from "./recording-service.ts";
import type { RecordingService } from "./recording-service.ts";
import { startServing } from "./run-program.ts";
import type { Program, ServingProgram } from "./run-program.ts";

/** What all rows of a run share. */
export interface Lab {
  readonly material: Material;
  /** A new empty folder. */
  readonly folder: () => string;
  /** A home directory with nothing in it. */
  readonly home: string;
  /** One `serve` of each program, started when it is first needed. */
  readonly serving: (program: Program, words: readonly string[]) => Promise<ServingProgram>;
  readonly close: () => Promise<void>;
}

/** Makes keys, certificates and folders. */
export function openLab(): Lab {
  const root = mkdtempSync(join(tmpdir(), "ra-signer-interop-"));
  const folder = (): string => mkdtempSync(join(root, "row-"));
  const home = folder();
  const started = new Map<
    string,
    Promise<{ readonly service: RecordingService; readonly serving: ServingProgram }>
  >();
  return {
    material: makeMaterial(folder()),
    folder,
    home,
    async serving(program, words) {
      const running =
        started.get(program.path) ??
        (async () => {
          const service = await startRecordingService([]);
          const serving = await startServing(program, [...words, "--endpoint", service.url], { HOME: home });
          return { service, serving };
        })();
      started.set(program.path, running);
      return (await running).serving;
    },
    async close() {
      for (const result of await Promise.allSettled(started.values())) {
        if (result.status === "rejected") continue;
        await result.value.serving.stop();
        await result.value.service.stop();
      }
      rmSync(root, { recursive: true, force: true });
    },
  };
}
