"""One text of five sentences, in many languages; one of the sentences has hardly any words.

Of the last four no pace was measured (`render.languages`).
"""

TEXTS = {
    "en": (
        "The harbour of the town was built long ago and holds two hundred boats. In the "
        "morning it is quiet there, and the fishermen mend their nets by the old wall. "
        "Later the market opens: bread, cheese and apples are sold until the last bus "
        "leaves. Nobody hurries. In the evening the lamps along the water are lit one "
        "after another."
    ),
    "de": (
        "Der Hafen der Stadt wurde vor langer Zeit gebaut und fasst zweihundert Boote. Am "
        "Morgen ist es dort still, und die Fischer flicken ihre Netze an der alten Mauer. "
        "Später öffnet der Markt: Brot, Käse und Äpfel werden verkauft, bis der letzte "
        "Bus fährt. Niemand hat es eilig. Am Abend werden die Lampen am Wasser eine nach "
        "der anderen angezündet."
    ),
    "fr": (
        "Le port de la ville a été construit il y a longtemps et abrite deux cents "
        "bateaux. Le matin, tout y est calme, et les pêcheurs réparent leurs filets près "
        "du vieux mur. Plus tard, le marché ouvre : on y vend du pain, du fromage et des "
        "pommes jusqu'au dernier bus. Personne ne se presse. Le soir, les lampes au bord "
        "de l'eau s'allument l'une après l'autre."
    ),
    "es": (
        "El puerto de la ciudad se construyó hace mucho tiempo y alberga doscientos "
        "barcos. Por la mañana todo está tranquilo, y los pescadores remiendan sus redes "
        "junto al viejo muro. Más tarde abre el mercado: se venden pan, queso y manzanas "
        "hasta que sale el último autobús. Nadie tiene prisa. Por la noche se encienden "
        "las lámparas junto al agua, una tras otra."
    ),
    "it": (
        "Il porto della città fu costruito molto tempo fa e accoglie duecento barche. La "
        "mattina è tutto tranquillo, e i pescatori riparano le reti vicino al vecchio "
        "muro. Più tardi apre il mercato: si vendono pane, formaggio e mele finché parte "
        "l'ultimo autobus. Nessuno ha fretta. La sera le lampade lungo l'acqua si "
        "accendono una dopo l'altra."
    ),
    "pl": (
        "Port miasta został zbudowany dawno temu i mieści dwieście łodzi. Rano jest tam "
        "cicho, a rybacy naprawiają sieci przy starym murze. Później otwiera się targ: "
        "chleb, ser i jabłka sprzedaje się aż do odjazdu ostatniego autobusu. Nikt się "
        "nie spieszy. Wieczorem zapalają się lampy nad wodą, jedna po drugiej."
    ),
    "ru": (
        "Порт города был построен очень давно и вмещает двести лодок. Утром там тихо, и "
        "рыбаки чинят сети у старой стены. Позже открывается рынок: хлеб, сыр и яблоки "
        "продают до отъезда последнего автобуса. Никто не торопится. Вечером у воды один "
        "за другим зажигаются фонари."
    ),
    "hi": (
        "शहर का बंदरगाह बहुत पहले बनाया गया था और उसमें दो सौ नावें रहती हैं। सुबह वहाँ "
        "शांति रहती है, और मछुआरे पुरानी दीवार के पास अपने जाल ठीक करते हैं। बाद में "
        "बाज़ार खुलता है, और आखिरी बस जाने तक रोटी, पनीर और सेब बिकते हैं। किसी को जल्दी "
        "नहीं है। शाम को पानी के किनारे एक के बाद एक दीपक जलते हैं।"
    ),
    "ar": (
        "بُنِيَ مِينَاءُ المَدِينَةِ مُنْذُ زَمَنٍ بَعِيدٍ وَيَتَّسِعُ لِمِئَتَيْ "
        "قَارِبٍ. فِي الصَّبَاحِ يَكُونُ المَكَانُ هَادِئًا، وَيُصْلِحُ الصَّيَّادُونَ "
        "شِبَاكَهُمْ عِنْدَ الجِدَارِ القَدِيمِ. ثُمَّ يُفْتَحُ السُّوقُ، فَيُبَاعُ "
        "الخُبْزُ وَالجُبْنُ وَالتُّفَّاحُ حَتَّى آخِرِ حَافِلَةٍ. لَا أَحَدَ "
        "يَسْتَعْجِلُ. وَفِي المَسَاءِ تُضَاءُ المَصَابِيحُ وَاحِدًا بَعْدَ آخَرَ."
    ),
    "zh": (
        "这座城市的港口建于很久以前，可以停两百条船。早晨那里很安静，渔民们在老墙边修补渔网。后来市场开了，人们卖面包、奶酪和苹果，直到最后一班车离开。没有人着急。晚上，"
        "水边的灯一盏接一盏地亮起来。"
    ),
    "da": (
        "Byens havn blev bygget for længe siden og har plads til to hundrede både. Om "
        "morgenen er der stille, og fiskerne lapper deres net ved den gamle mur. Senere "
        "åbner markedet: brød, ost og æbler bliver solgt, indtil den sidste bus kører. "
        "Ingen har travlt. Om aftenen bliver lamperne langs vandet tændt en efter en."
    ),
    "ca": (
        "El port de la ciutat es va construir fa molt de temps i acull dues-centes "
        "barques. Al matí tot hi és tranquil, i els pescadors apedacen les xarxes vora el "
        "vell mur. Més tard obre el mercat: s'hi venen pa, formatge i pomes fins que marxa "
        "l'últim autobús. Ningú no té pressa. Al vespre els llums de la vora de l'aigua "
        "s'encenen l'un rere l'altre."
    ),
    "bg": (
        "Пристанището на града е построено много отдавна и побира двеста лодки. Сутрин "
        "там е тихо, а рибарите кърпят мрежите си до старата стена. По-късно пазарът "
        "отваря: хляб, сирене и ябълки се продават, докато тръгне последният автобус. "
        "Никой не бърза. Вечер лампите край водата светват една след друга."
    ),
    "mr": (
        "शहराचे बंदर खूप पूर्वी बांधले गेले आणि त्यात दोनशे होड्या मावतात. सकाळी तिथे शांतता "
        "असते, आणि कोळी जुन्या भिंतीजवळ आपली जाळी दुरुस्त करतात. नंतर बाजार उघडतो, आणि शेवटची "
        "बस सुटेपर्यंत भाकरी, चीज आणि सफरचंदे विकली जातात. कोणालाही घाई नसते. संध्याकाळी "
        "पाण्याच्या काठावरचे दिवे एकामागून एक लावले जातात."
    ),
}
