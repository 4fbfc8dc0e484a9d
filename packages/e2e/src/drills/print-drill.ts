import type { DrillRecord } from "../report/records.ts";
import type { Drill, DrillStep } from "./drill.ts";

/** Shows a drill to people while it runs. */
export interface DrillPrinter {
  begin(drill: Drill): void;
  step(step: DrillStep): void;
  end(drill: Drill, record: DrillRecord): void;
}

/** Writes the claim, then each step with what is expected and what was seen, then the verdict. */
export function printDrillsTo(write: (text: string) => void, colour: boolean): DrillPrinter {
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const green = (text: string): string => paint(32, text);
  const red = (text: string): string => paint(31, text);
  let count = 0;
  return {
    begin({ name, title, claim }) {
      count = 0;
      write(`\n${paint(1, `${name} · ${title}`)}\n  Claim: ${claim}\n`);
    },
    step({ text, expected, seen, passed }) {
      count += 1;
      write(`  ${count}. ${text}\n`);
      if (passed) return write(`     ${green("✓")} ${seen}\n`);
      write(`     ${red("✗")} expected ${expected}\n       seen     ${seen}\n`);
    },
    end({ guard }, { verdict, seconds }) {
      const painted = verdict === "passed" ? green("Passed") : red("Failed");
      write(`  ${painted} in ${seconds} s. What it tests: ${guard}.\n`);
    },
  };
}
