/** Components that run in the browser, for Payload's import map. */
export { ColourField } from '../admin/ColourField.tsx'
export { FocusField } from '../admin/FocusField.tsx'
export { RenditionPanel } from '../admin/RenditionPanel.tsx'
export { SceneLabel } from '../admin/SceneLabel.tsx'
export { StoryboardPanel } from '../admin/StoryboardPanel.tsx'
export { VideoPanel } from '../admin/VideoPanel.tsx'
