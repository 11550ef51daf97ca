/** Components that run in the browser, for Payload's import map. */
export { AnimaticPanel } from '../admin/animatic/AnimaticPanel.tsx'
export { ColourField } from '../admin/shared/ColourField.tsx'
export { FocusField } from '../admin/storyboard/FocusField.tsx'
export { RenditionPanel } from '../admin/rendition/RenditionPanel.tsx'
export { SceneCard } from '../admin/board/SceneCard.tsx'
export { SceneLabel } from '../admin/storyboard/SceneLabel.tsx'
export { StoryboardPanel } from '../admin/storyboard/StoryboardPanel.tsx'
export { VideoPanel } from '../admin/video/VideoPanel.tsx'
