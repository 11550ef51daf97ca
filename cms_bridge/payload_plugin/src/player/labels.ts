/** The few words of the player itself, in the languages that the plugin speaks. */

export interface PlayerLabels {
  /** What the film is called to those who do not see it, where it has no alternative text. */
  film: string
  captions: string
  chapters: string
  transcript: string
  /** Said where it cannot be played. */
  away: string
  again: string
}

const english: PlayerLabels = {
  film: 'Video',
  captions: 'Captions',
  chapters: 'Chapters',
  transcript: 'Transcript',
  away: 'The video cannot be played at the moment.',
  again: 'Try again',
}

const others: Record<string, PlayerLabels> = {
  de: {
    film: 'Video',
    captions: 'Untertitel',
    chapters: 'Kapitel',
    transcript: 'Transkript',
    away: 'Das Video lässt sich gerade nicht abspielen.',
    again: 'Erneut versuchen',
  },
  fr: {
    film: 'Vidéo',
    captions: 'Sous-titres',
    chapters: 'Chapitres',
    transcript: 'Transcription',
    away: 'La vidéo ne peut pas être lue pour le moment.',
    again: 'Réessayer',
  },
  es: {
    film: 'Vídeo',
    captions: 'Subtítulos',
    chapters: 'Capítulos',
    transcript: 'Transcripción',
    away: 'El vídeo no se puede reproducir en este momento.',
    again: 'Reintentar',
  },
  ar: {
    film: 'فيديو',
    captions: 'التسميات التوضيحية',
    chapters: 'الفصول',
    transcript: 'النص المكتوب',
    away: 'لا يمكن تشغيل الفيديو في الوقت الحالي.',
    again: 'إعادة المحاولة',
  },
}

/** Return the words in a language, or in English, with those that a page brings itself. */
export function labelsIn(language: string, own: Partial<PlayerLabels> = {}): PlayerLabels {
  const [primary = ''] = language.toLowerCase().split(/[-_]/)
  const known = Object.hasOwn(others, primary) ? (others[primary] ?? english) : english
  const given = Object.entries(own).filter(([, text]) => text)
  return { ...known, ...(Object.fromEntries(given) as Partial<PlayerLabels>) }
}
