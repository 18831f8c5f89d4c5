BEGIN TRANSACTION;
CREATE TABLE carried (
    session_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (session_key, message_id)
);
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
);
INSERT INTO "counters" VALUES('place',27);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    number INTEGER REFERENCES inquiries (number),
    words_id INTEGER REFERENCES staff_words (id),
    text TEXT,
    choices TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT
);
INSERT INTO "deliveries" VALUES(7,'memory:p2',1002,NULL,'王老师接手了您的1002号咨询，有话直接在这里说。','[]','2026-05-20T02:00:00.000000+00:00','2026-11-23T21:48:24.883864+00:00');
INSERT INTO "deliveries" VALUES(11,'memory:p2',1002,10,'王老师想问您：是哪所学校？','[]','2026-05-20T02:00:00.000000+00:00','2026-11-23T21:48:24.898482+00:00');
INSERT INTO "deliveries" VALUES(24,'telegram:w1',1005,NULL,'李老师接手了您的1005号咨询，有话直接在这里说。','[]','2026-05-20T02:00:00.000000+00:00',NULL);
INSERT INTO "deliveries" VALUES(26,'telegram:w1',1005,25,'李老师：满六周岁。','[]','2026-05-20T02:00:00.000000+00:00',NULL);
CREATE TABLE done_once (
    name TEXT PRIMARY KEY,
    at TEXT NOT NULL
);
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    user_id TEXT NOT NULL,
    text TEXT,
    pick INTEGER,
    picked TEXT,
    media TEXT,
    received_at TEXT NOT NULL,
    handled INTEGER NOT NULL,
    UNIQUE (session_key, message_id)
);
INSERT INTO "inbox" VALUES(1,'memory:p1','line-685e710f5ff64da799fbf18bc626d5c6-1','memory','p1','校服必须买吗，质量和价格谁管？',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(3,'memory:p1','line-685e710f5ff64da799fbf18bc626d5c6-2','memory','p1','有帮助',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(5,'memory:p2','line-685e710f5ff64da799fbf18bc626d5c6-3','memory','p2','转人工',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(8,'memory:p2','line-685e710f5ff64da799fbf18bc626d5c6-4','memory','p2','娃儿读三年级',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(12,'memory:p3','line-685e710f5ff64da799fbf18bc626d5c6-5','memory','p3','我不想活了',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(14,'memory:p4','line-685e710f5ff64da799fbf18bc626d5c6-6','memory','p4','补助',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(16,'memory:p5','line-685e710f5ff64da799fbf18bc626d5c6-7','memory','p5',NULL,NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(18,'memory:p5','line-685e710f5ff64da799fbf18bc626d5c6-8','memory','p5',NULL,NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(20,'telegram:w1','m0','telegram','w1','几岁能上小学',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
INSERT INTO "inbox" VALUES(22,'telegram:w1','m1','telegram','w1','转人工',NULL,NULL,NULL,'2026-05-20T02:00:00.000000+00:00',1);
CREATE TABLE inquiries (
    number INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    touched_at TEXT NOT NULL,
    topic TEXT,
    entry TEXT,
    owner TEXT,
    urgent INTEGER NOT NULL,
    previous INTEGER,
    slots TEXT NOT NULL
);
INSERT INTO "inquiries" VALUES(1001,'memory:p1','resolved','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','general','general.uniform',NULL,0,NULL,'{}');
INSERT INTO "inquiries" VALUES(1002,'memory:p2','waiting_parent','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00',NULL,NULL,'王老师',0,NULL,'{}');
INSERT INTO "inquiries" VALUES(1003,'memory:p3','waiting_staff','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','safety',NULL,NULL,1,NULL,'{}');
INSERT INTO "inquiries" VALUES(1004,'memory:p4','open','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00',NULL,NULL,NULL,0,NULL,'{}');
INSERT INTO "inquiries" VALUES(1005,'telegram:w1','with_staff','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00','enrollment','enrollment.age_requirement','李老师',0,NULL,'{}');
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
INSERT INTO "marks" VALUES('telegram:offset','77');
CREATE TABLE moves (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    at TEXT NOT NULL,
    status_before TEXT,
    status_after TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL
);
INSERT INTO "moves" VALUES(1,1001,'2026-05-20T02:00:00.000000+00:00',NULL,'open','parent','new matter');
INSERT INTO "moves" VALUES(2,1001,'2026-05-20T02:00:00.000000+00:00','open','answered','bot','answer');
INSERT INTO "moves" VALUES(3,1001,'2026-05-20T02:00:00.000000+00:00','answered','resolved','parent','helped');
INSERT INTO "moves" VALUES(4,1002,'2026-05-20T02:00:00.000000+00:00',NULL,'open','parent','asked for a person');
INSERT INTO "moves" VALUES(5,1002,'2026-05-20T02:00:00.000000+00:00','open','waiting_staff','parent','asked for a person');
INSERT INTO "moves" VALUES(6,1002,'2026-05-20T02:00:00.000000+00:00','waiting_staff','with_staff','王老师','take');
INSERT INTO "moves" VALUES(7,1002,'2026-05-20T02:00:00.000000+00:00','with_staff','waiting_parent','王老师','ask_parent');
INSERT INTO "moves" VALUES(8,1003,'2026-05-20T02:00:00.000000+00:00',NULL,'open','parent','danger');
INSERT INTO "moves" VALUES(9,1003,'2026-05-20T02:00:00.000000+00:00','open','waiting_staff','bot','crisis');
INSERT INTO "moves" VALUES(10,1004,'2026-05-20T02:00:00.000000+00:00',NULL,'open','parent','new matter');
INSERT INTO "moves" VALUES(11,1005,'2026-05-20T02:00:00.000000+00:00',NULL,'open','parent','new matter');
INSERT INTO "moves" VALUES(12,1005,'2026-05-20T02:00:00.000000+00:00','open','answered','bot','answer');
INSERT INTO "moves" VALUES(13,1005,'2026-05-20T02:00:00.000000+00:00','answered','waiting_staff','parent','asked for a person');
INSERT INTO "moves" VALUES(14,1005,'2026-05-20T02:00:00.000000+00:00','waiting_staff','with_staff','李老师','take');
CREATE TABLE outbox (
    place INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    note TEXT,
    note_key TEXT UNIQUE,
    number INTEGER,
    parts_sent INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    reason TEXT,
    sent_at TEXT
);
INSERT INTO "outbox" VALUES(21,'telegram:w1','turn',NULL,NULL,NULL,0,0,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(23,'telegram:w1','turn',NULL,NULL,NULL,0,0,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(24,'telegram:w1','delivery',NULL,NULL,1005,0,0,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(26,'telegram:w1','delivery',NULL,NULL,1005,0,0,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(27,'telegram:-100','note','{"text":"x"}','waits.x@y',NULL,0,0,NULL,NULL,NULL);
CREATE TABLE schema_migrations (
    version INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL
);
INSERT INTO "schema_migrations" VALUES(1,'1220224283371e68fa28fff67bbf4933479500ab2bd829ec4f25ffda2caf4a3f','2026-11-23T21:48:23.417914+00:00');
INSERT INTO "schema_migrations" VALUES(2,'4a7b7fcd99b578e0ad1fe15c5be2efa63de2faadd7568572c98bfa6d5c90810c','2026-11-23T21:48:23.418765+00:00');
CREATE TABLE sessions (
    session_key TEXT PRIMARY KEY,
    greeted INTEGER NOT NULL,
    misses INTEGER NOT NULL,
    choices TEXT NOT NULL,
    last_entry TEXT,
    current_number INTEGER,
    confirming_deletion INTEGER NOT NULL,
    erased_at TEXT
);
INSERT INTO "sessions" VALUES('memory:p1',1,0,'[]','general.uniform',1001,0,NULL);
INSERT INTO "sessions" VALUES('memory:p2',1,0,'[]',NULL,1002,0,NULL);
INSERT INTO "sessions" VALUES('memory:p3',0,0,'[]',NULL,1003,0,NULL);
INSERT INTO "sessions" VALUES('memory:p4',1,0,'[["补助啥时发、没到账","entry","aid.payment_status"],["困难住校生补多少","entry","aid.boarder_subsidy"],["外地户口能申请资助吗","entry","aid.migrant_students"],["都不是","command","none_of_these"]]',NULL,1004,0,NULL);
INSERT INTO "sessions" VALUES('memory:p5',1,0,'[]',NULL,NULL,0,'2026-05-20T02:00:00.000000+00:00');
INSERT INTO "sessions" VALUES('telegram:w1',1,0,'[]','enrollment.age_requirement',1005,0,NULL);
CREATE TABLE sources (
    session_key TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE staff_accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL DEFAULT 'admin',
    disabled INTEGER NOT NULL DEFAULT 0
);
INSERT INTO "staff_accounts" VALUES('管理员','admin',0);
INSERT INTO "staff_accounts" VALUES('王老师','admin',0);
INSERT INTO "staff_accounts" VALUES('李老师','admin',1);
CREATE TABLE staff_codes (
    code_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE TABLE staff_groups (
    session_key TEXT PRIMARY KEY,
    bound_by TEXT NOT NULL
);
CREATE TABLE staff_links (
    token_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL,
    used_at TEXT
);
INSERT INTO "staff_links" VALUES('be1ce614891c7389c948460f95d28bc81cb8a84d05999e1d2a30f36417ec5ab0','王老师','2036-05-17T02:00:00.000000+00:00',NULL);
INSERT INTO "staff_links" VALUES('e85a116d723ea8f6f548a38c88fade550c97b236309c5ed64bef154e7a12e59d','管理员','2036-05-17T02:00:00.000000+00:00','2026-05-20T02:00:00.000000+00:00');
CREATE TABLE staff_people (
    user_key TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    home TEXT NOT NULL
);
CREATE TABLE staff_sessions (
    secret_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL REFERENCES staff_accounts (name),
    expires_at TEXT NOT NULL
);
INSERT INTO "staff_sessions" VALUES('2f4c2ea19a4f2523b0cd618540db29dbc36545df9018990024ff57aa0212607f','管理员','2026-05-20T14:00:00.000000+00:00');
CREATE TABLE staff_words (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL REFERENCES inquiries (number),
    who TEXT NOT NULL,
    text TEXT,
    at TEXT NOT NULL
);
INSERT INTO "staff_words" VALUES(10,1002,'王老师','是哪所学校？','2026-05-20T02:00:00.000000+00:00');
INSERT INTO "staff_words" VALUES(25,1005,'李老师','满六周岁。','2026-05-20T02:00:00.000000+00:00');
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    inbox_id INTEGER NOT NULL UNIQUE REFERENCES inbox (id),
    decision TEXT NOT NULL,
    replies TEXT,
    entries TEXT NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    candidates TEXT NOT NULL,
    number INTEGER REFERENCES inquiries (number)
);
INSERT INTO "turns" VALUES(2,1,'answer','[{"text":"校服自愿买，不想买可以不买。\n要不要买、买几套，由您自己定。\n学校选校服要公开，接受家长监督。\n想看价格和选购经过，可以问班主任或家委会。\n掉色、开线、有异味：留好衣服、票据和照片，先找学校。\n质量问题还可以打12315。\n学校强迫买，可以向区教委反映，或打12345。\n依据：教基一〔2015〕3号；渝教财发〔2025〕8号（截至2025年）\n\n提醒：这里的对话会保存下来，方便跟进；请不要发身份证号、银行卡号。想删，回复“删除我的数据”。","choices":[["有帮助","command","helped"],["没帮助","command","not_helped"],["转人工","command","handoff"]]}]','["general.uniform"]',1.0,'[["general.uniform",1.0],["general.district_quality_stats",0.0],["general.fees_complaint",0.0],["safety.school_gate_traffic",0.0],["enrollment.which_authority_hightech_zone",0.0]]',1001);
INSERT INTO "turns" VALUES(4,3,'command','[{"text":"太好了。1001号咨询就算办结了；以后有事随时来。","choices":[]}]','[]',0.0,'[]',1001);
INSERT INTO "turns" VALUES(6,5,'handoff','[{"text":"好的，已经转给工作人员，您的咨询编号是1002。他们看到后会在这里回您，您不用守着。急事不要等，请拨12345；有危险先打110。您可以先把情况写下来：孩子几年级、出了什么事。\n\n提醒：这里的对话会保存下来，方便跟进；请不要发身份证号、银行卡号。想删，回复“删除我的数据”。","choices":[]}]','[]',0.0,'[]',1002);
INSERT INTO "turns" VALUES(9,8,'staff','[]','[]',0.0,'[]',1002);
INSERT INTO "turns" VALUES(13,12,'crisis','[{"text":"谢谢你说出来。这很难受，不是你的错。\n如果已经伤到自己、吃了东西，或在高处、水边，现在就打120或110，或者喊身边的大人。\n请走到有人的地方，放下手里的东西，离开高处和水边。\n现在就告诉一位你信得过的大人：父母、老师、亲戚、邻居、保安都可以。说不出口，就把这段话给他看。\n今晚不要一个人待着，请他陪着你。\n想有人听你说，可以打12356或12355；打不通，就找大人和110。\n我是机器人，看不到你那里，所以请现在就去找一个人。\n已经标成紧急，编号1003，工作人员会优先看。先打上面的电话，不要等我们回话。","choices":[]}]','["safety.self_harm_crisis"]',1.0,'[]',1003);
INSERT INTO "turns" VALUES(15,14,'suggest','[{"text":"您想问的是哪一个？点一下，或者回复数字就行。\n\n提醒：这里的对话会保存下来，方便跟进；请不要发身份证号、银行卡号。想删，回复“删除我的数据”。","choices":[["补助啥时发、没到账","entry","aid.payment_status"],["困难住校生补多少","entry","aid.boarder_subsidy"],["外地户口能申请资助吗","entry","aid.migrant_students"],["都不是","command","none_of_these"]]}]','[]',0.8959,'[["aid.payment_status",0.8959],["aid.boarder_subsidy",0.0029],["aid.migrant_students",0.001]]',1004);
INSERT INTO "turns" VALUES(17,16,'command',NULL,'[]',0.0,'[]',NULL);
INSERT INTO "turns" VALUES(19,18,'command','[{"text":"已经删除。您说过的话和我们的答复都清掉了。以后有事再来，直接打字就行。","choices":[]}]','[]',0.0,'[]',NULL);
INSERT INTO "turns" VALUES(21,20,'answer','[{"text":"入学那年8月31日（含）前满6周岁，可以报一年级。\n怎么算：用入学年份减6，得出一个年份。\n那年8月31日或更早出生的，就够年龄了。\n9月1日及以后出生的，一般要等下一年。\n看的是满多少周岁，不看虚岁。\n上一年办过延缓入学（晚一年上）的，今年要重新申请。\n拿不准的，以区教委当年公告为准，也可拨12345问。\n依据：《义务教育法》第11条；重庆市入学年龄口径（2025年）（截至2025年）\n\n提醒：这里的对话会保存下来，方便跟进；请不要发身份证号、银行卡号。想删，回复“删除我的数据”。","choices":[["有帮助","command","helped"],["没帮助","command","not_helped"],["转人工","command","handoff"]]}]','["enrollment.age_requirement"]',1.0,'[["enrollment.age_requirement",1.0],["general.other_stages",0.0],["enrollment.early_entry_underage",0.0],["enrollment.vaccination_checkup",0.0],["special_education.rehab_subsidy",0.0]]',1005);
INSERT INTO "turns" VALUES(23,22,'handoff','[{"text":"好的，已经转给工作人员，您的咨询编号是1005。他们看到后会在这里回您，您不用守着。急事不要等，请拨12345；有危险先打110。您可以先把情况写下来：孩子几年级、出了什么事。","choices":[]}]','[]',0.0,'[]',1005);
CREATE TABLE updates (
    channel TEXT NOT NULL,
    update_id INTEGER NOT NULL,
    incoming TEXT,
    received_at TEXT NOT NULL,
    handled INTEGER NOT NULL,
    PRIMARY KEY (channel, update_id)
);
CREATE INDEX inquiries_of_session ON inquiries (session_key, number);
CREATE INDEX inquiries_by_status ON inquiries (status, touched_at);
CREATE INDEX moves_of_inquiry ON moves (number, id);
CREATE INDEX inbox_of_session ON inbox (session_key, id);
CREATE INDEX inbox_unhandled ON inbox (id) WHERE handled = 0;
CREATE INDEX turns_of_inquiry ON turns (number, inbox_id);
CREATE INDEX staff_words_of_inquiry ON staff_words (number, id);
CREATE INDEX deliveries_of_session ON deliveries (session_key, id);
CREATE INDEX deliveries_of_inquiry ON deliveries (number, id);
CREATE INDEX deliveries_pending ON deliveries (id) WHERE sent_at IS NULL;
CREATE INDEX outbox_unsent ON outbox (session_key, place) WHERE sent_at IS NULL;
CREATE INDEX outbox_kept ON outbox (place) WHERE sent_at IS NULL AND reason IS NOT NULL;
CREATE INDEX deliveries_of_words ON deliveries (words_id);
CREATE INDEX updates_unhandled ON updates (channel, received_at) WHERE handled = 0;
CREATE INDEX updates_by_age ON updates (received_at);
COMMIT;
