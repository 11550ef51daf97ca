import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import { defineConfig, globalIgnores } from 'eslint/config'
import ts from 'typescript-eslint'

/** What the browser loads of the server's side is only the contract of the endpoints. */
const server = 'collections/|endpoints/(?!contract)|hooks/|outbox/|settings'

/** What each folder may not import; a video's panel also shows its storyboard and its rendition. */
const walls = {
  // What plays in a browser knows the timeline alone.
  animatic: `${server}|admin/|endpoints/contract`,
  collections: 'admin/|endpoints/',
  endpoints: 'admin/|collections/|hooks/',
  hooks: 'admin/|collections/|endpoints/(?!contract)',
  // What a site loads is React and this folder.
  player: `${server}|admin/|animatic/|endpoints/contract|translations/`,
  outbox: 'admin/|collections/|endpoints/|hooks/',
  'admin/shared': `${server}|animatic/|board/|video/|storyboard/|rendition/|project/|delivery/`,
  'admin/animatic': `${server}|board/|video/|storyboard/|rendition/|project/|delivery/`,
  'admin/preview': `${server}|board/|video/|storyboard/|rendition/|project/|delivery/`,
  'admin/board': `${server}|animatic/|video/|storyboard/|rendition/|project/|delivery/`,
  'admin/project': `${server}|animatic/|board/|video/|storyboard/|rendition/|delivery/`,
  'admin/delivery': `${server}|animatic/|board/|video/|storyboard/|rendition/|project/`,
  'admin/rendition': `${server}|animatic/|board/|video/|storyboard/|project/|delivery/`,
  'admin/storyboard': `${server}|video/|rendition/`,
  'admin/video': server,
}

export default defineConfig([
  globalIgnores([
    'dist',
    // Generated.
    'src/generated',
    'dev/.next',
    'dev/next-env.d.ts',
    'dev/migrations',
    'dev/app/(payload)/admin/importMap.js',
  ]),
  js.configs.recommended,
  ts.configs.strictTypeChecked,
  ts.configs.stylisticTypeChecked,
  hooks.configs.flat.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Event handlers that only call something read better without braces.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Empty strings from forms and wire defaults are to fall back as well; `??` would keep them.
      '@typescript-eslint/prefer-nullish-coalescing': [
        'error',
        { ignorePrimitives: { string: true } },
      ],
    },
  },
  ...Object.entries(walls).map(([folder, others]) => ({
    files: [`src/${folder}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: `/(${others})`, message: `src/${folder} stands below or beside it.` },
          ],
        },
      ],
    },
  })),
  {
    files: ['**/*.mjs'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['dev/app/**/*.tsx'],
    // Next and Payload give these files their form.
    rules: { '@typescript-eslint/require-await': 'off' },
  },
])
