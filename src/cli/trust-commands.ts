import type { CommandSpec, FlagSpec } from "./command.ts";

const JSON_FLAG: FlagSpec = { name: "json", help: "Print JSON." };
/** Commands of the Console role that have to do with trust. */
export function trustCommands(dataDir: FlagSpec): readonly CommandSpec[] {
  return [
    {
      name: "console token create",
      summary: "Make an enrolment token on the Console's host.",
      description:
        "Without --cluster the token works once, for 15 minutes. With --cluster every node of that cluster can use it;\nwith --sensor it lets a sensor that is known prove itself anew, with its id and history.",
      flags: [
        dataDir,
        { name: "node-name", value: "name", help: "Name the node will have." },
        { name: "role", value: "role", help: "Role the node is declared as." },
        { name: "flavor", value: "standard|telecom", help: "Flavour of the sensor." },
        { name: "sensor", value: "id|name", help: "The sensor that is to enrol again." },
        { name: "cluster", value: "name", help: "Make a token for the nodes of this cluster." },
        { name: "max-nodes", value: "number", help: "Nodes of the cluster it may bring in. Default: no limit." },
        { name: "expires-days", value: "number", help: "Days a cluster's token is valid, 730 at most. Default: 365." },
        JSON_FLAG,
      ],
      examples: [
        "telovix console token create --node-name db-17",
        "telovix console token create --cluster oslo-5g --max-nodes 40",
        "telovix console token create --sensor db-17",
      ],
      load: () => import("./console-token-create.ts"),
    },
    {
      name: "console token list",
      summary: "List enrolment tokens and what became of them.",
      flags: [dataDir, JSON_FLAG],
      load: () => import("./console-token-list.ts"),
    },
    {
      name: "console token revoke",
      summary: "Revoke an enrolment token.",
      args: "<token id>",
      flags: [dataDir],
      load: () => import("./console-token-revoke.ts"),
    },
    {
      name: "console ca",
      summary: "See to the certificate authority that signs sensors' certificates, and to its change.",
      args: "status|rotate|advance|abort",
      description:
        "status   who signs, who is accepted, and whom the next step would cut off\nrotate   make the next authority; sensors learn of it with their heartbeats\nadvance  let the next one sign and sensors renew; then, called again, retire the old one\nabort    one step back, as long as the old one is not retired",
      flags: [
        dataDir,
        { name: "force", help: "Go on although sensors are cut off by it: they must be enrolled again." },
        JSON_FLAG,
      ],
      examples: ["telovix console ca status", "telovix console ca rotate", "telovix console ca advance"],
      load: () => import("./console-ca.ts"),
    },
  ];
}
