"""From a brief to a storyboard: by rules alone, or by a model whose answer is mended."""
