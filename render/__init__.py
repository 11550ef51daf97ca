"""Media and nothing else: a storyboard and its assets become a video file.

The package knows no environment variable, database, Redis, HTTP server or CMS.
Importing it loads no media library; `render.storyboard`, `render.errors` and
`render.drafting.offline` stay light enough for a web process.

Each line may use those below it, and import-linter holds them to it:

    __main__, terminal        the engine as a command
    assembly                  everything that was ordered: video, captions, HLS, previews
    assets, drafting          what a storyboard is made of, and how a brief becomes one
    compose                   timeline → segments → one checked video
    delivery, generation      what goes along with a video; what providers make for it
    cache, inspection         finished pieces; what a file really holds
    painter, signing          frames; the manifest of what they were made of
    placing, segments         storyboard → timeline → the pieces it is encoded in
    encoder, sound, words     how frames are encoded, what is heard, what is read
    pictures                  what is seen
    timeline, languages, …    when each scene is seen and heard
    storyboard, errors, …     the vocabulary
"""
