//! Kiswahili, as Kenyan services write it: PIN, nambari, ombi, salio; polite imperatives.

#[cfg(feature = "ssr")]
use kaunta_domain::failure::FailureCode;
use kaunta_domain::msisdn::PhoneError;
#[cfg(feature = "ssr")]
use kaunta_domain::sms::NotAClaim;

use super::Live;
#[cfg(feature = "ssr")]
use super::{ByHandWords, Checking, Closed, Form, Frame, Notices, Paid, Prompt, Reason, Trouble, Way, Words};

pub(super) static LIVE: Live = Live {
    busy: "Inatuma…",
    copied: "Imenakiliwa",
    copy_by_hand: "Bonyeza na ushikilie",
    offline: "Huna mtandao kwa sasa. Hakuna kilichopotea: ukurasa huu utaendelea wenyewe mtandao ukirudi.",
    unanswered: "Mtandao ulikatika, hivyo hatujui kama ombi lilitumwa. Angalia simu yako kabla ya kubonyeza tena.",
    steps_opened: "Hatua za kulipa kupitia menyu ya M-Pesa sasa ziko hapa chini.",
    button_is_back: "Sasa unaweza kujaribu tena.",
    seconds_left: |seconds| ["Zimebaki sekunde ", seconds, " za kuweka PIN yako"].concat(),
    sends_to: |number| ["Itatumwa kwa ", number].concat(),
    other_operator: |operator| {
        [
            "Nambari hii inaonekana kuwa ya ",
            operator,
            ". Ombi hufikia laini za Safaricom zenye M-Pesa pekee; endelea kama laini hii ilihamia Safaricom.",
        ]
        .concat()
    },
    phone: |error| match error {
        PhoneError::Empty => "Weka nambari ya simu ya M-Pesa, kwa mfano 0712 345 678.",
        PhoneError::TooShort => "Nambari haijakamilika. Inafanana na 0712 345 678.",
        PhoneError::TooLong => "Nambari ina tarakimu nyingi mno. Inafanana na 0712 345 678.",
        PhoneError::Landline => {
            "Hii ni simu ya mezani. Weka nambari ya simu ya mkononi, kwa mfano 0712 345 678."
        }
        PhoneError::Foreign => "M-Pesa inahitaji nambari ya Kenya, kwa mfano 0712 345 678.",
        PhoneError::Letters => "Nambari ina herufi. Weka tarakimu pekee, kwa mfano 0712 345 678.",
        PhoneError::Extra => "Weka nambari moja pekee, kwa mfano 0712 345 678.",
        PhoneError::NotMobile => {
            "Hakuna nambari ya simu ya Kenya inayoanza hivi. Angalia tarakimu za kwanza tena."
        }
        PhoneError::Unreadable => "Nambari ina alama isiyofaa. Weka tarakimu pekee.",
    },
};

#[cfg(feature = "ssr")]
pub(super) static WORDS: Words = Words {
    live: &LIVE,
    frame: Frame {
        you_pay: "Unalipa",
        title: |shop| format!("Lipa {shop}"),
        test: "Majaribio: hakuna pesa halisi zinazotumwa",
        foot: |shop| {
            format!(
                "Pesa zako zinaenda moja kwa moja kwa {shop}. PIN yako unaiweka kwenye simu yako pekee, kamwe si hapa."
            )
        },
        back_to: |shop| format!("Rudi kwa {shop}"),
        things: |count| format!("Bidhaa {count}"),
        copy: "Nakili",
        look_again: "Angalia tena",
    },
    form: Form {
        label: "Nambari ya simu ya M-Pesa",
        hint: "Simu hii itapokea ombi la kuweka PIN ya M-Pesa. Inaweza pia kuwa simu ya mtu anayekulipia.",
        hint_known: |masked| format!("Iache wazi ili kutumia {masked}."),
        pay: |amount| format!("Lipa KES {amount}"),
        failed: "Malipo hayajakamilika",
        again: "Jaribu tena",
        ready_in: |seconds| format!("Tayari baada ya sek {seconds}"),
        sending: "Subiri kidogo",
        sending_to: |masked| format!("Tunaiomba M-Pesa itume ombi kwa {masked}"),
    },
    prompt: Prompt {
        title: "Angalia simu yako",
        status: "Tunasubiri PIN yako ya M-Pesa",
        sent_to: |masked| format!("Ombi limetumwa kwa {masked}"),
        left: |seconds| format!("zimebaki sek {seconds}"),
        find: "Fungua simu yako uone ujumbe wa M-Pesa.",
        see: "Hakikisha unaomba",
        and: "kwa ajili ya",
        enter: "Weka PIN yako ya M-Pesa. Ukurasa huu utabadilika wenyewe.",
        none: "Hujaona ujumbe kwenye simu?",
        tips: &[
            "Je, simu imewashwa, imefunguliwa na ina mtandao? Zima hali ya ndegeni.",
            "Funga menyu nyingine yoyote ya M-Pesa au *334# kwenye simu hiyo.",
            "Kama simu hii haipokei maombi kamwe, piga *234# mara moja ili kusasisha menyu ya M-Pesa ya laini.",
        ],
    },
    checking: Checking {
        title: "Tunathibitisha na M-Pesa",
        status: "Tafadhali usilipe tena kwa sasa",
        help: "Huenda simu yako tayari imelipa, na M-Pesa bado haijatujulisha. Tunaendelea kuuliza: unaweza kufunga ukurasa huu kisha urudi.",
        next: |seconds| format!("Tutauliza tena baada ya sekunde {seconds}."),
        asked: |times| format!("Tumeuliza saa {times}: bado hakuna jibu."),
        another: "Hujapata SMS ya M-Pesa? Tuma ombi lingine",
    },
    paid: Paid {
        title: |amount| format!("KES {amount} zimelipwa"),
        status: "Malipo yamepokelewa",
        has_it: |shop| format!("Pesa zako zimefika kwa {shop}. Asante!"),
        code: "Nambari ya M-Pesa",
        code_follows: "Nambari ya M-Pesa iko kwenye SMS katika simu yako.",
        by: "Imelipwa na",
        amount: "Kiasi",
        when: "Wakati",
        keep: "Hifadhi SMS ya M-Pesa: nambari yake ndiyo risiti yako.",
        partly_title: |missing| format!("Zimebaki KES {missing}"),
        partly: |received| format!("KES {received} zimepokelewa"),
        partly_help: "Asante! Sehemu ya malipo imefika. Lipa kiasi kilichobaki hapa ili kukamilisha.",
        over: |difference| format!("Hizo ni KES {difference} zaidi ya zilizohitajika"),
        over_help: |shop| {
            format!("{shop} wamejulishwa na wanaweza kukurudishia tofauti. Hifadhi nambari ya M-Pesa.")
        },
        late_title: "Malipo yako yamechelewa kufika",
        late_help: |shop| {
            format!(
                "Yamefika baada ya ombi hili kufungwa. Hakuna kilichopotea: {shop} wamejulishwa. Waonyeshe nambari ya M-Pesa."
            )
        },
        refunded_title: "Pesa zimerudishwa",
        refunded: "Malipo haya yamerudishwa",
        refunded_help: |shop| {
            format!("{shop} wamezirudisha kwa simu iliyolipa. M-Pesa itathibitisha kwa SMS.")
        },
    },
    closed: Closed {
        expired: "Muda wa ombi hili umeisha",
        canceled: "Ombi hili limefungwa",
        status: "Huwezi kulipa tena hapa",
        help: |shop| format!("Kama bado unataka kulipa, waombe {shop} ombi jipya."),
        paid_all_the_same: "Je, ulilipa hata hivyo? Pesa zako hazijapotea.",
    },
    by_hand: ByHandWords {
        paybill: Way {
            instead: "Lipa kwa Paybill badala yake",
            title: "Lipa kwa Paybill",
            menu: &["M-Pesa", "Lipa na M-Pesa", "Pay Bill"],
            dial: "Huna programu ya M-Pesa? Piga *334# na uchague vivyo hivyo.",
            last: "Weka hizi tatu hapa chini, kisha PIN yako",
        },
        till: Way {
            instead: "Lipa kwa Till badala yake",
            title: "Lipa kwa Till",
            menu: &["M-Pesa", "Lipa na M-Pesa", "Buy Goods and Services"],
            dial: "Huna programu ya M-Pesa? Piga *334# na uchague vivyo hivyo.",
            last: "Weka hizi mbili hapa chini, kisha PIN yako",
        },
        business: "Nambari ya biashara",
        account: "Nambari ya akaunti",
        till_number: "Nambari ya Till",
        amount: "Kiasi",
        prompt_instead: "Tuma ombi kwa simu yangu badala yake",
        once: "Lipa mara moja tu: kama ombi bado litakuja kwenye simu, lighairi.",
        unsure: "Ikiwa tu hujapokea SMS ya M-Pesa: ukiwa na SMS, pesa zako ziko njiani tayari.",
        watching: "Tunasubiri malipo yako",
        watching_help: "Ukurasa huu utabadilika wenyewe, mara nyingi ndani ya sekunde chache.",
        already: "umeshalipa?",
        claim: "Ujumbe au nambari ya M-Pesa",
        claim_hint: "Inahitajika tu ikiwa ukurasa huu haujabadilika dakika moja baada ya SMS.",
        find: "Tafuta malipo yangu",
    },
    notice: Notices {
        in_progress: Reason {
            title: "Ombi tayari limetumwa",
            help: "Angalia simu. Ombi hilo likiisha, unaweza kutuma lingine.",
        },
        too_many: Reason {
            title: "Hilo lilikuwa ombi la mwisho",
            help: "Hakuna pesa zilizotolewa. Lipa kupitia menyu ya M-Pesa kwa hatua zilizo hapa chini, au omba duka ombi jipya la malipo.",
        },
        cooling: "M-Pesa inahitaji muda kidogo kabla ya ombi linalofuata",
        cooling_help: |seconds| format!("Hakuna pesa zilizotolewa. Jaribu tena baada ya sekunde {seconds}."),
        unavailable: Reason {
            title: "M-Pesa haijibu kwa sasa",
            help: "Hakuna ombi lililotumwa wala pesa zilizotolewa. Jaribu tena baada ya muda mfupi, au lipa kupitia menyu ya M-Pesa.",
        },
        refused: Reason {
            title: "M-Pesa haikubali nambari hii",
            help: "Hakuna kilichotumwa. Hakikisha nambari ni sahihi, na kwamba ni laini ya Safaricom yenye M-Pesa.",
        },
        shop_closed: Reason {
            title: "Duka hili haliwezi kupokea M-Pesa kwa sasa",
            help: "Hakuna kilichotumwa, na tatizo si simu yako. Tafadhali lijulishe duka.",
        },
        busy: Reason {
            title: "Watu wengi sana wanalipa sasa hivi",
            help: "Hakuna kilichotumwa, na ukurasa huu umeweka nafasi yako. Jaribu tena baada ya sekunde chache.",
        },
        broken: Reason {
            title: "Kuna hitilafu upande wetu",
            help: "Bado hatujui kama ombi lilitumwa. Angalia simu yako kabla ya kubonyeza tena.",
        },
        claim_checking: Reason {
            title: "Bado hatujayapata malipo haya",
            help: "Linganisha nambari na SMS. Kama ni sahihi, subiri dakika moja: ukurasa huu utabadilika wenyewe pesa zikifika.",
        },
        claim_elsewhere: Reason {
            title: "Nambari hii ni ya malipo mengine",
            help: "Tayari imehesabiwa kwa kitu kingine. Tafuta SMS ya malipo haya.",
        },
        claim_too_many: Reason {
            title: "Nambari nyingi mno zimejaribiwa",
            help: "Hakuna kilichopotea. Waonyeshe wenye duka SMS yako ya M-Pesa: watapata malipo kwa nambari yake.",
        },
        claim: |error| match error {
            NotAClaim::Empty => "Bandika hapa SMS ya M-Pesa, au nambari yake pekee, kwa mfano UKL52PAWR9.",
            NotAClaim::TooLong => "Bandika SMS moja tu ya malipo haya, au nambari yake.",
            NotAClaim::NoCode => {
                "Hakuna nambari ya M-Pesa hapa. Bandika SMS nzima inayoanza na nambari kama UKL52PAWR9."
            }
            NotAClaim::SeveralCodes => {
                "Kuna nambari zaidi ya moja za M-Pesa hapa. Bandika ile ya malipo haya pekee."
            }
            NotAClaim::Received => {
                "SMS hii inahusu pesa ulizopokea. Bandika ile inayosema “Umelipa” au “imetumwa kwa”."
            }
            NotAClaim::NotMade => "M-Pesa haikufanya malipo haya. Bandika SMS inayosema “Imethibitishwa”.",
        },
    },
    trouble: Trouble {
        unknown: Reason {
            title: "Hakuna ombi la malipo kama hili",
            help: "Huenda kiungo kimekatwa au kimeandikwa vibaya. Kifungue tena kutoka dukani, au uombe kipya. Hakuna pesa zilizotolewa.",
        },
        busy: Reason {
            title: "Watu wengi sana wanalipa sasa hivi",
            help: "Ombi lako liko salama. Ukurasa huu utajaribu tena wenyewe baada ya sekunde chache.",
        },
        broken: Reason {
            title: "Kuna hitilafu upande wetu",
            help: "Ombi lako liko salama, na ulicholipa hakijapotea. Tafadhali angalia tena baada ya muda mfupi.",
        },
        again: "Angalia tena",
    },
    failure: reason,
};

#[cfg(feature = "ssr")]
fn reason(code: FailureCode) -> Reason {
    let (title, help) = match code {
        FailureCode::InsufficientFunds => (
            "Salio la M-Pesa halitoshi",
            "Hakuna pesa zilizotolewa. Ongeza salio au utumie Fuliza, kisha ujaribu tena. Au mtu mwingine alipe: weka nambari yake.",
        ),
        FailureCode::BelowMinimum => (
            "Kiasi ni kidogo mno kwa M-Pesa",
            "Hakuna pesa zilizotolewa. Tafadhali lijulishe duka: M-Pesa hutuma KES 1 au zaidi.",
        ),
        FailureCode::AboveMaximum => (
            "Kiasi kinazidi kile ambacho M-Pesa hutuma kwa mara moja",
            "Hakuna pesa zilizotolewa. Kiwango cha juu ni KES 250,000 kwa malipo moja: omba duka ligawanye bili.",
        ),
        FailureCode::DailyLimit => (
            "Laini hii imefikia kikomo cha M-Pesa cha leo",
            "Hakuna pesa zilizotolewa. Lipa kwa nambari nyingine sasa, au kwa hii kesho.",
        ),
        FailureCode::ReceiverLimit => (
            "Akaunti ya M-Pesa ya duka imejaa",
            "Hakuna pesa zilizotolewa, na tatizo si simu yako. Tafadhali lijulishe duka, kisha ujaribu tena baadaye.",
        ),
        FailureCode::RepeatedAmount => (
            "M-Pesa hupokea kiasi kilekile mara moja tu katika dakika mbili",
            "Kama malipo yako ya awali yalifaulu, ukurasa huu utayaonyesha hivi karibuni. Vinginevyo subiri: kitufe kitarudi chenyewe.",
        ),
        FailureCode::LineBusy => (
            "Kuna ombi lingine la M-Pesa kwenye simu hii",
            "Hakuna pesa zilizotolewa. Likamilishe au ulighairi kwenye simu, pamoja na menyu ya *334#. Kitufe kitarudi chenyewe.",
        ),
        FailureCode::Expired => (
            "Muda wa ombi la M-Pesa uliisha",
            "Hakuna pesa zilizotolewa. Jaribu tena, na uweke PIN yako ndani ya dakika moja.",
        ),
        FailureCode::PromptFailed => (
            "Ombi halikuweza kufika kwenye simu hii",
            "Hakuna pesa zilizotolewa. Jaribu tena, au lipa kupitia menyu ya M-Pesa kwa hatua zilizo hapa chini.",
        ),
        FailureCode::Canceled => (
            "Malipo yameghairiwa kwenye simu",
            "Hakuna pesa zilizotolewa. Kama hukukusudia, jaribu tena na uweke PIN yako.",
        ),
        FailureCode::Unreachable => (
            "Hatukupata jibu kutoka kwa simu",
            "Hakuna pesa zilizotolewa. Zima hali ya ndegeni, tafuta mtandao na ufungue simu, kisha ujaribu tena. Kama maombi hayaji kamwe, piga *234# ili kusasisha laini.",
        ),
        FailureCode::WrongPin => (
            "PIN si sahihi",
            "Hakuna pesa zilizotolewa. Jaribu tena na uweke PIN yako polepole: ukikosea mara tatu, M-Pesa huifunga.",
        ),
        FailureCode::PinLocked => (
            "PIN ya M-Pesa imefungwa",
            "Hakuna pesa zilizotolewa. Pigia Safaricom kutoka laini hiyo ili ifunguliwe: 100 kwa malipo ya kabla au 200 kwa malipo ya baadaye. Au lipa kwa nambari nyingine.",
        ),
        FailureCode::Misconfigured => (
            "Duka hili haliwezi kupokea M-Pesa kwa sasa",
            "Hakuna pesa zilizotolewa, na tatizo si simu yako. Tafadhali lijulishe duka.",
        ),
        FailureCode::SystemBusy => (
            "M-Pesa ina shughuli nyingi kwa sasa",
            "Hakuna pesa zilizotolewa. Kitufe kitarudi chenyewe baada ya nusu dakika.",
        ),
        FailureCode::Unknown => (
            "M-Pesa haikukamilisha malipo",
            "Kama SMS ya M-Pesa inasema ulilipa, ukurasa huu utaonyesha hivi karibuni. Vinginevyo kitufe kitarudi chenyewe.",
        ),
    };
    Reason { title, help }
}
