/** Recorded hosts of Routes that ebb answers otherwise: reason → cases. */
const CASES: Readonly<Record<string, string>> = {
  "not built yet: if, with, slice, printf, comments and pipes of Go's templates":
    "route-a-0942 route-a-0946 route-a-0951 route-a-0955 route-a-0959 route-a-0962 " +
    "route-a-0965 route-a-0977 route-a-0981 route-a-0984 route-a-0989 route-a-0993 " +
    "route-a-0994 route-a-0996 route-a-0997 route-a-1002 route-a-1003 route-a-1011 " +
    "route-a-1014 route-a-1017 route-a-1018 route-a-1020 route-a-1021 route-a-1022 " +
    "route-a-1027 route-a-1028 route-a-1046 route-a-1057 route-a-1058 route-a-1060 " +
    "route-a-1063 route-a-1076 route-a-1080 route-a-1092 route-a-1098 route-a-1109 " +
    "route-a-1111 route-a-1113 route-a-1114 route-a-1122 route-a-1130 route-a-1131 " +
    "route-a-1132 route-a-1135 route-a-1143 route-a-1147 route-a-1161 route-a-1162 " +
    "route-a-1163 route-a-1166 route-a-1168 route-a-1174 route-a-1177 route-a-1195 " +
    "route-a-1198",
  "not built yet: a name that no host may have is not refused":
    "route-a-0953 route-a-0956 route-a-0970 route-a-0973 route-a-0982 route-a-0987 " +
    "route-a-1004 route-a-1016 route-a-1050 route-a-1053 route-a-1069 route-a-1081 " +
    "route-a-1093 route-a-1097 route-a-1106 route-a-1117 route-a-1119 route-a-1125 " +
    "route-a-1126 route-a-1127 route-a-1144 route-a-1150 route-a-1151 route-a-1167 " +
    "route-a-1172 route-a-1183 route-a-1184 route-a-1196",
};

export const domainExceptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(CASES).flatMap(([reason, ids]) => ids.split(" ").map((id) => [id, reason])),
);
