export type Effect = "Allow" | "Deny";
