// SPDX-License-Identifier: Apache-2.0
// What mqtt.js and AWS's own device SDK (over the AWS CRT) see of the gateway, one check a line. Run by run.py.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const { once } = require("node:events");
const mqtt = require("mqtt");
const { mqtt5, iot, mqtt: crt, io } = require("aws-iot-device-sdk-v2");

const [host, port, caFile, certFile, keyFile, narrowCert, narrowKey] = process.argv.slice(2);
const ca = fs.readFileSync(caFile);
const deadline = (promise, what, seconds = 15) => {
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not within ${seconds} s: ${what}`)), seconds * 1000); });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

// mqtt.js
function open(clientId, version, options = {}) {
    const client = mqtt.connect({ host, port: Number(port), protocol: "mqtts", servername: "localhost", ca, cert: fs.readFileSync(options.narrow ? narrowCert : certFile),
        key: fs.readFileSync(options.narrow ? narrowKey : keyFile), clientId, protocolVersion: version, clean: true, reconnectPeriod: 0, ...options });
    client.on("error", () => {});
    return client;
}
async function opened(clientId, version, options) {
    const client = open(clientId, version, options);
    [client.connack] = await deadline(once(client, "connect"), `CONNACK of ${clientId}`);
    return client;
}
const message = (client) => deadline(once(client, "message").then(([topic, payload, packet]) => ({ topic, payload: payload.toString(), packet })), "a message");

const checks = {
    async "mqtt.js 3.1.1: QoS 0 and 1, to itself"() {
        const client = await opened("js-311", 4);
        await client.subscribeAsync("js/311", { qos: 1 });
        for (const qos of [0, 1]) {
            const got = message(client);
            await client.publishAsync("js/311", `qos ${qos}`, { qos });
            const { payload, packet } = await got;
            assert.deepStrictEqual([payload, packet.qos], [`qos ${qos}`, qos]);
        }
        await client.endAsync();
    },
    async "mqtt.js 5: what CONNACK announces"() {
        const client = await opened("js-connack", 5, { keepalive: 60, properties: { sessionExpiryInterval: 999999 } });
        const { properties } = client.connack;
        assert.strictEqual(properties.receiveMaximum, 100);
        assert.strictEqual(properties.maximumQoS, 1);
        assert.strictEqual(properties.maximumPacketSize, 149504);
        assert.strictEqual(properties.topicAliasMaximum, 8);
        assert.strictEqual(properties.serverKeepAlive, 60);
        assert.strictEqual(properties.subscriptionIdentifiersAvailable, false);
        assert.strictEqual(properties.retainAvailable, true);
        assert.strictEqual(properties.wildcardSubscriptionAvailable, true);
        assert.strictEqual(properties.sessionExpiryInterval, 3600);
        await client.endAsync();
    },
    async "mqtt.js 5: user properties, request and response, content type come through"() {
        const client = await opened("js-properties", 5);
        await client.subscribeAsync("js/ask", { qos: 1 });
        const got = message(client);
        await client.publishAsync("js/ask", "?", { qos: 1, properties: { responseTopic: "js/answer", correlationData: Buffer.from("7"), contentType: "text/plain",
            payloadFormatIndicator: true, messageExpiryInterval: 60, userProperties: { k: ["1", "2"] } } });
        const { properties } = (await got).packet;
        assert.strictEqual(properties.responseTopic, "js/answer");
        assert.strictEqual(properties.correlationData.toString(), "7");
        assert.strictEqual(properties.contentType, "text/plain");
        assert.strictEqual(properties.payloadFormatIndicator, true);
        assert.deepStrictEqual([...properties.userProperties.k], ["1", "2"]);
        assert.ok(properties.messageExpiryInterval <= 60);
        await client.endAsync();
    },
    async "mqtt.js 5: topic aliases, eight of them"() {
        const client = await opened("js-alias", 5, { autoAssignTopicAlias: true });
        await client.subscribeAsync("js/alias/#", { qos: 1 });
        for (let round = 0; round < 20; ++round) {
            const got = message(client);
            await client.publishAsync(`js/alias/${round % 10}`, String(round), { qos: 1 });
            const { topic, payload } = await got;
            assert.deepStrictEqual([topic, payload], [`js/alias/${round % 10}`, String(round)]);
        }
        await client.endAsync();
    },
    async "mqtt.js 5: a persistent session keeps QoS 1 messages"() {
        const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };
        const first = await opened("js-kept", 5, persistent);
        assert.strictEqual(first.connack.sessionPresent, false);
        await first.subscribeAsync("js/kept", { qos: 1 });
        await first.endAsync();
        const other = await opened("js-sender", 5);
        await other.publishAsync("js/kept", "while away", { qos: 1 });
        await other.endAsync();
        const again = open("js-kept", 5, persistent);
        const got = message(again);
        const [connack] = await deadline(once(again, "connect"), "CONNACK");
        assert.strictEqual(connack.sessionPresent, true);
        assert.strictEqual((await got).payload, "while away");
        await again.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
    },
    async "mqtt.js 5: takeover is told by 0x8E, and the will goes out"() {
        const heir = await opened("js-heir", 5);
        await heir.subscribeAsync("js/will", { qos: 1 });
        const first = await opened("js-twin", 5, { will: { topic: "js/will", payload: Buffer.from("gone"), qos: 1 } });
        const told = once(first, "disconnect"), will = message(heir);
        const second = await opened("js-twin", 5);
        const [packet] = await deadline(told, "DISCONNECT");
        assert.strictEqual(packet.reasonCode, 0x8e);
        assert.strictEqual((await will).payload, "gone");
        await second.endAsync();
        await heir.endAsync();
    },
    async "mqtt.js 5: what a policy denies has its code and a reason"() {
        const client = await opened("narrow", 5, { narrow: true });
        const granted = await client.subscribeAsync(["allowed/t", "denied/t"], { qos: 1 }).catch((error) => error);
        assert.ok(granted instanceof Error || granted.some((each) => each.qos === 0x87 || each.qos === 128), JSON.stringify(granted));
        await assert.rejects(client.publishAsync("denied/t", "x", { qos: 1 }), (error) => error.code === 0x87);
        await client.publishAsync("allowed/t", "x", { qos: 1 });
        await client.endAsync();
    },
    async "mqtt.js 5: another client id than the policy allows cannot connect"() {
        const client = open("stranger", 5, { narrow: true });
        const error = await deadline(new Promise((resolve) => client.on("error", resolve)), "the refusal");
        assert.strictEqual(error.code, 0x87);
        client.end(true);
    },
    async "mqtt.js 5: retained messages"() {
        const client = await opened("js-retained", 5);
        await client.publishAsync("js/state", "on", { qos: 1, retain: true });
        const got = message(client);
        await client.subscribeAsync("js/state", { qos: 1 });
        assert.strictEqual((await got).packet.retain, true);
        await client.publishAsync("js/state", "", { qos: 1, retain: true });
        await client.endAsync();
    },
    async "aws-iot-device-sdk-v2, MQTT 5: publish, subscribe, properties"() {
        const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(host, certFile, keyFile);
        builder.withPort(Number(port)).withCertificateAuthorityFromPath(undefined, caFile).withConnectProperties({ clientId: "crt-5", keepAliveIntervalSeconds: 60 });
        const client = new mqtt5.Mqtt5Client(builder.build());
        const connected = once(client, "connectionSuccess"), stopped = once(client, "stopped");
        client.on("error", (error) => { throw error; });
        client.start();
        const [{ connack, settings }] = await deadline(connected, "connectionSuccess");
        assert.strictEqual(connack.reasonCode, 0);
        assert.strictEqual(settings.receiveMaximumFromServer, 100);
        assert.strictEqual(settings.maximumQos, 1);
        const suback = await client.subscribe({ subscriptions: [{ topicFilter: "crt/5", qos: 1 }] });
        assert.deepStrictEqual(suback.reasonCodes, [1]);
        const got = once(client, "messageReceived");
        const puback = await client.publish({ topicName: "crt/5", qos: 1, payload: "hello", userProperties: [{ name: "k", value: "v" }] });
        assert.strictEqual(puback.reasonCode, 0);
        const denied = await client.publish({ topicName: "$own", qos: 1, payload: "x" });
        assert.strictEqual(denied.reasonCode, 0x90);
        const [{ message: heard }] = await deadline(got, "a message");
        assert.strictEqual(Buffer.from(heard.payload).toString(), "hello");
        assert.deepStrictEqual(heard.userProperties, [{ name: "k", value: "v" }]);
        client.stop();
        await deadline(stopped, "stopped");
        client.close();
    },
    async "aws-iot-device-sdk-v2, MQTT 3.1.1: publish and subscribe"() {
        const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certFile, keyFile).with_certificate_authority_from_path(undefined, caFile)
            .with_clean_session(true).with_client_id("crt-311").with_endpoint(host).with_port(Number(port)).build();
        const connection = new crt.MqttClient().new_connection(config);
        await deadline(connection.connect(), "connect");
        const got = new Promise((resolve) => { connection.subscribe("crt/311", crt.QoS.AtLeastOnce, (topic, payload) => resolve(Buffer.from(payload).toString())).then(() => connection.publish("crt/311", "hello", crt.QoS.AtLeastOnce)); });
        assert.strictEqual(await deadline(got, "a message"), "hello");
        await connection.disconnect();
    },
    async "aws-iot-device-sdk-v2: jobs and shadow by their topics"() {
        const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certFile, keyFile).with_certificate_authority_from_path(undefined, caFile)
            .with_clean_session(true).with_client_id("crt-thing").with_endpoint(host).with_port(Number(port)).build();
        const connection = new crt.MqttClient().new_connection(config);
        await deadline(connection.connect(), "connect");
        const { iotshadow, iotjobs } = require("aws-iot-device-sdk-v2");
        const shadow = new iotshadow.IotShadowClient(connection), jobs = new iotjobs.IotJobsClient(connection);
        const accepted = new Promise((resolve, reject) => shadow.subscribeToUpdateShadowAccepted({ thingName: "crt-thing" }, crt.QoS.AtLeastOnce,
            (error, response) => (error ? reject(error) : resolve(response))).then(() => shadow.publishUpdateShadow({ thingName: "crt-thing", state: { reported: { on: true } } }, crt.QoS.AtLeastOnce)));
        assert.deepStrictEqual((await deadline(accepted, "update/accepted")).state.reported, { on: true });
        const pending = new Promise((resolve, reject) => jobs.subscribeToGetPendingJobExecutionsAccepted({ thingName: "crt-thing" }, crt.QoS.AtLeastOnce,
            (error, response) => (error ? reject(error) : resolve(response))).then(() => jobs.publishGetPendingJobExecutions({ thingName: "crt-thing" }, crt.QoS.AtLeastOnce)));
        assert.deepStrictEqual((await deadline(pending, "get/accepted")).queuedJobs, []);
        await connection.disconnect();
    },
};

(async () => {
    let failed = 0;
    for (const [name, check] of Object.entries(checks)) {
        try {
            await check();
            console.log(`passed  ${name}`);
        } catch (error) {
            ++failed;
            console.log(`FAILED  ${name}: ${error.stack || error}`);
        }
    }
    process.exit(failed ? 1 : 0);
})();
