import { ProjectPanel as ProjectPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { VoiceField as VoiceField_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { NameLabel as NameLabel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { ColourField as ColourField_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { DrawReference as DrawReference_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { VideoPanel as VideoPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { StatusCell as StatusCell_142c864ba25048f7b94a7e4f8539589b } from 'payload-plugin-reelwright/rsc'
import { StoryboardPanel as StoryboardPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { DecisionCell as DecisionCell_142c864ba25048f7b94a7e4f8539589b } from 'payload-plugin-reelwright/rsc'
import { AnimaticPanel as AnimaticPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { SceneCard as SceneCard_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { FocusField as FocusField_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { SceneLabel as SceneLabel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { NotInForm as NotInForm_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { RenditionPanel as RenditionPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { RenditionCell as RenditionCell_142c864ba25048f7b94a7e4f8539589b } from 'payload-plugin-reelwright/rsc'
import { DeliveryPanel as DeliveryPanel_37a92145976f66ef28b7a15c20fad8d7 } from 'payload-plugin-reelwright/client'
import { EventCell as EventCell_142c864ba25048f7b94a7e4f8539589b } from 'payload-plugin-reelwright/rsc'
import { PreviewPage as PreviewPage_142c864ba25048f7b94a7e4f8539589b } from 'payload-plugin-reelwright/rsc'
import { CollectionCards as CollectionCards_f9c02e79a4aed9a3924487c0cd4cafb1 } from '@payloadcms/next/rsc'

/** @type import('payload').ImportMap */
export const importMap = {
  "payload-plugin-reelwright/client#ProjectPanel": ProjectPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#VoiceField": VoiceField_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#NameLabel": NameLabel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#ColourField": ColourField_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#DrawReference": DrawReference_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#VideoPanel": VideoPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/rsc#StatusCell": StatusCell_142c864ba25048f7b94a7e4f8539589b,
  "payload-plugin-reelwright/client#StoryboardPanel": StoryboardPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/rsc#DecisionCell": DecisionCell_142c864ba25048f7b94a7e4f8539589b,
  "payload-plugin-reelwright/client#AnimaticPanel": AnimaticPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#SceneCard": SceneCard_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#FocusField": FocusField_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#SceneLabel": SceneLabel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#NotInForm": NotInForm_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/client#RenditionPanel": RenditionPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/rsc#RenditionCell": RenditionCell_142c864ba25048f7b94a7e4f8539589b,
  "payload-plugin-reelwright/client#DeliveryPanel": DeliveryPanel_37a92145976f66ef28b7a15c20fad8d7,
  "payload-plugin-reelwright/rsc#EventCell": EventCell_142c864ba25048f7b94a7e4f8539589b,
  "payload-plugin-reelwright/rsc#PreviewPage": PreviewPage_142c864ba25048f7b94a7e4f8539589b,
  "@payloadcms/next/rsc#CollectionCards": CollectionCards_f9c02e79a4aed9a3924487c0cd4cafb1
}
