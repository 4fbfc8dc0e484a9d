export function watchFileSystem(onStep: (step: number, name: string) => void): () => void;
