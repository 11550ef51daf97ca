/** Components that run on the server, for Payload's import map. */
export { RenditionCell } from '../admin/rendition/RenditionCell.tsx'
export { DecisionCell } from '../admin/storyboard/DecisionCell.tsx'
export { StatusCell } from '../admin/video/StatusCell.tsx'
