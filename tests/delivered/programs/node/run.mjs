// Run the shop with AWS's SDK for JavaScript, let every call fail, and print what each logger writes: one JSON object a line.
// node run.mjs PORT < plan.json, where the plan is a list of {call, logger, answer}; the stub listens on PORT of the loopback interface.
import http from "node:http";
import net from "node:net";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { readFileSync } from "node:fs";
import * as kms from "@aws-sdk/client-kms";
import pino from "pino";
import winston from "winston";

const port = Number(process.argv[2]);
const REQUEST = "8f14e45f-ceea-4a7d-9d2b-3c5d8e6f7a80"; // of the Lambda invocation
const BLOB = Buffer.concat([Buffer.from([1, 2, 2, 0, 0x78]), Buffer.alloc(150, 7)]);

// The endpoint keeps its real name; only the connection goes to the stub.
class StubAgent extends http.Agent {
  createConnection(options, callback) {
    return net.connect({ port, host: "127.0.0.1" }, callback);
  }
}

const clients = new Map();
function clientOf(region) {
  if (!clients.has(region)) {
    clients.set(
      region,
      new kms.KMSClient({
        region,
        endpoint: `http://kms.${region}.amazonaws.com`,
        credentials: { accessKeyId: "AKIAEXAMPLEEXAMPLE12", secretAccessKey: "not-a-secret" },
        requestHandler: { httpAgent: new StubAgent() },
        maxAttempts: 2,
      }),
    );
  }
  return clients.get(region);
}

async function next(answer) {
  const body = JSON.stringify(answer);
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: "127.0.0.1", path: "/next", method: "POST", headers: { "Content-Length": body.length } }, (response) => {
      let data = "";
      response.on("data", (part) => (data += part));
      response.on("end", () => resolve(JSON.parse(data)));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function storeOrder(call) {
  const more = { Decrypt: { CiphertextBlob: BLOB }, Encrypt: { Plaintext: Buffer.from("card 4111") }, GenerateDataKeyWithoutPlaintext: { KeySpec: "AES_256" } };
  const command = new kms[`${call.operation}Command`]({ ...more[call.operation], ...call.params });
  return clientOf(call.region).send(command);
}

class Records extends Writable {
  records = [];
  _write(chunk, encoding, callback) {
    this.records.push(chunk.toString().replace(/\n$/, ""));
    callback();
  }
}

function winstonTo(stream, format) {
  return winston.createLogger({ level: "info", format, transports: [new winston.transports.Stream({ stream })] });
}

const { combine, timestamp, errors, json, simple, printf } = winston.format;
const failed = "could not store order 4711";
const LOGGERS = {
  console_error: (out, error) => new console.Console(out, out).error(error),
  console_error_with_words: (out, error) => new console.Console(out, out).error(`${failed}:`, error),
  console_error_message: (out, error) => new console.Console(out, out).error(`${failed}: ${error.message}`),
  console_error_string: (out, error) => new console.Console(out, out).error(`${failed}: ${error}`),
  console_stack: (out, error) => new console.Console(out, out).error(error.stack),
  console_name_and_message: (out, error) => new console.Console(out, out).error("[ERROR]", error.name, error.message),
  console_colours: (out, error) => new console.Console({ stdout: out, stderr: out, colorMode: true }).error(error),
  json_stringify: (out, error) => new console.Console(out, out).log(JSON.stringify(error)),
  json_stringify_pretty: (out, error) => new console.Console(out, out).log(JSON.stringify(error, null, 2)),
  json_with_words: (out, error) =>
    new console.Console(out, out).log(JSON.stringify({ level: "error", msg: failed, error: error.message, code: error.name })),
  json_message_only: (out, error) => new console.Console(out, out).log(JSON.stringify({ level: "error", message: error.message })),
  json_message_pretty: (out, error) =>
    new console.Console(out, out).log(JSON.stringify({ level: "error", service: "kms", message: error.message }, null, 4)),
  util_inspect: (out, error) => new console.Console(out, out).log(inspect({ order: 4711, error }, { depth: 6, breakLength: 80 })),
  wrapped_cause: (out, error) => new console.Console(out, out).error(new Error(failed, { cause: error })),
  logged_twice: (out, error) => {
    const log = new console.Console(out, out);
    log.warn(`KMS refused: ${error}`);
    log.error(error);
  },
  pino: (out, error) => pino({ base: { pid: 17, hostname: "orders-1" } }, out).error(error, failed),
  pino_err: (out, error) => pino({ base: { pid: 17, hostname: "orders-1" } }, out).error({ err: error, order: 4711 }, failed),
  pino_message: (out, error) => pino({ base: null }, out).error({ order: 4711 }, `${failed}: ${error.message}`),
  winston_json: (out, error) => winstonTo(out, combine(errors({ stack: true }), timestamp(), json())).error(error),
  winston_simple: (out, error) => winstonTo(out, combine(errors({ stack: true }), simple())).error(failed, error),
  winston_printf: (out, error) =>
    winstonTo(out, combine(timestamp(), printf((i) => `${i.timestamp} [orders] ${i.level}: ${i.message}`))).error(`${failed}: ${error.message}`),
  lambda_unhandled: (out, error) => {
    const said = { errorType: error.name, errorMessage: error.message, ...error, stack: error.stack.split("\n") };
    out.write(`2026-11-24T10:00:00.123Z\t${REQUEST}\tERROR\tInvoke Error \t${JSON.stringify(said)}\n`);
  },
  lambda_console: (out, error) => out.write(`2026-11-24T10:00:00.123Z\t${REQUEST}\tERROR\t${inspect(error)}\n`),
  lambda_json: (out, error) => {
    const message = { errorType: error.name, errorMessage: error.message, stackTrace: error.stack.split("\n"), ...error };
    out.write(`${JSON.stringify({ timestamp: "2026-11-24T10:00:00.123Z", level: "ERROR", requestId: REQUEST, message })}\n`);
  },
};

if (process.argv[3] === "--loggers") {
  process.stdout.write(JSON.stringify(Object.keys(LOGGERS)));
} else {
  const plan = JSON.parse(readFileSync(0, "utf8"));
  for (const { call, logger, answer } of plan) {
    await next(answer);
    try {
      await storeOrder(call);
    } catch (error) {
      const out = new Records();
      LOGGERS[logger](out, error);
      await new Promise((resolve) => setImmediate(resolve));
      const { request_ids } = await next({ ...answer, status: 200 });
      process.stdout.write(`${JSON.stringify({ sdk: "node", logger, call: call.id, records: out.records, request_ids })}\n`);
    }
  }
  process.exit(0);
}
