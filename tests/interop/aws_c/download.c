/* SPDX-License-Identifier: Apache-2.0
 * An update as a FreeRTOS device makes it: AWS's Jobs and file-streams libraries build every topic and request and read every
 * answer; libmosquitto is the transport. Downloads the job's file block by block, then reports SUCCEEDED. Run by run.py.
 *
 * usage: download HOST PORT CA CERTIFICATE KEY THING json|cbor FILE
 */
#include <stddef.h> /* the library uses size_t without it */

#include "MQTTFileDownloader.h"
#include "MQTTFileDownloader_defaults.h"
#include "jobs.h"
#include "ota_job_processor.h"

#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLOCK mqttFileDownloader_CONFIG_BLOCK_SIZE
#define MOST_BLOCKS 65536U
/* JSON requests name a run of blocks. The CBOR requests carry the library's fixed bitmap, which is a run only for one block. */
#define RUN_JSON 16U
#define REQUESTS_CBOR 8U

static const char* thing;
static DataType_t type;
static FILE* out;
static struct mosquitto* client;
static MqttFileDownloaderContext_t stream;
static char job[JOBID_MAX_LENGTH + 1U];
static AfrOtaJobDocumentFields_t file;
static char document[8192];
static unsigned char have[MOST_BLOCKS];
static uint32_t blocks, received, asked_to, requests;
static int subscribed, have_job, reported, finished;
static time_t last_progress;

static void fail(const char* what) {
    fprintf(stderr, "download: %s\n", what);
    exit(1);
}

static void publish(const char* topic, const char* payload, size_t size, int qos) {
    if (mosquitto_publish(client, NULL, topic, (int)size, payload, qos, 0) != MOSQ_ERR_SUCCESS) fail("publish");
}

static void ask(uint32_t first, uint32_t count) {
    char request[GET_STREAM_REQUEST_BUFFER_SIZE];
    const size_t size = mqttDownloader_createGetDataBlockRequest(type, (uint16_t)file.fileId, BLOCK, (uint16_t)first, count, request, sizeof(request));
    char topic[TOPIC_GET_STREAM_BUFFER_SIZE + 1U];
    if (size == 0) fail("the library made no request");
    memcpy(topic, stream.topicGetStream, stream.topicGetStreamLength);
    topic[stream.topicGetStreamLength] = '\0';
    publish(topic, request, size, 0);
    ++requests;
}

static void ask_for_more(void) {
    if (type == DATA_TYPE_JSON) {
        if (received < asked_to || asked_to == blocks) return;
        const uint32_t count = blocks - asked_to < RUN_JSON ? blocks - asked_to : RUN_JSON;
        ask(asked_to, count);
        asked_to += count;
    } else {
        for (; asked_to < blocks && asked_to < received + REQUESTS_CBOR; ++asked_to) ask(asked_to, 1);
    }
}

static void ask_again(void) {
    uint32_t again = 0;
    for (uint32_t block = 0; block < asked_to && again < REQUESTS_CBOR; ++block)
        if (!have[block]) {
            ask(block, 1);
            ++again;
        }
}

static void begin(const char* payload, size_t size) {
    const char *id, *text, *name;
    const size_t id_size = Jobs_GetJobId(payload, size, &id);
    const size_t text_size = Jobs_GetJobDocument(payload, size, &text);
    char stream_name[STREAM_NAME_MAX_LEN + 1U];
    if (id_size == 0 || text_size == 0 || text_size >= sizeof(document)) fail("there is no job");
    memcpy(job, id, id_size);
    memcpy(document, text, text_size); /* the fields point into it */
    if (otaParser_parseJobDocFile(document, text_size, 0, "MQTT", 4, &file) != 0) fail("the library does not read the job document");
    name = file.imageRef;
    if (file.imageRefLen > STREAM_NAME_MAX_LEN) fail("the stream's name is too long");
    memcpy(stream_name, name, file.imageRefLen);
    if (mqttDownloader_init(&stream, stream_name, file.imageRefLen, thing, strlen(thing), type) != MQTTFileDownloaderSuccess) fail("init");
    blocks = (file.fileSize + BLOCK - 1U) / BLOCK;
    if (blocks > MOST_BLOCKS) fail("the file is too large for the library");
    char topic[TOPIC_STREAM_DATA_BUFFER_SIZE + 1U];
    memcpy(topic, stream.topicStreamData, stream.topicStreamDataLength);
    topic[stream.topicStreamDataLength] = '\0';
    if (mosquitto_subscribe(client, NULL, topic, 0) != MOSQ_ERR_SUCCESS) fail("subscribe");
    have_job = 1;
}

static void take_block(const struct mosquitto_message* message) {
    static uint8_t data[BLOCK + 4U];
    size_t size = sizeof(data);
    int32_t id, block, length;
    if (mqttDownloader_processReceivedDataBlock(&stream, message->payload, (size_t)message->payloadlen, &id, &block, &length, data, &size) !=
        MQTTFileDownloaderSuccess)
        fail("the library does not read a block");
    if (block < 0 || (uint32_t)block >= blocks || id != (int32_t)file.fileId) fail("a block that nobody asked for");
    const size_t wanted = (uint32_t)block + 1U == blocks ? file.fileSize - (size_t)block * BLOCK : BLOCK;
    if (size != wanted || length != (int32_t)wanted) fail("a block of the wrong size");
    if (have[block]) return;
    have[block] = 1;
    ++received;
    last_progress = time(NULL);
    if (fseek(out, (long)block * (long)BLOCK, SEEK_SET) != 0 || fwrite(data, 1, size, out) != size) fail("write");
}

static void on_message(struct mosquitto* from, void* data, const struct mosquitto_message* message) {
    const size_t size = strlen(message->topic);
    (void)from;
    (void)data;
    if (Jobs_IsStartNextAccepted(message->topic, size, thing, strlen(thing))) {
        if (!have_job) begin(message->payload, (size_t)message->payloadlen);
    } else if (have_job && mqttDownloader_isDataBlockReceived(&stream, message->topic, size) == MQTTFileDownloaderSuccess) {
        take_block(message);
        ask_for_more();
    } else if (have_job && Jobs_IsJobUpdateStatus(message->topic, size, job, strlen(job), thing, strlen(thing), JobUpdateStatus_Accepted)) {
        finished = 1;
    } else {
        fprintf(stderr, "download: %s: %.*s\n", message->topic, message->payloadlen, (const char*)message->payload);
        fail("an answer that the libraries do not know");
    }
}

static void on_subscribe(struct mosquitto* from, void* data, int id, int count, const int* granted) {
    (void)from;
    (void)data;
    (void)id;
    for (int i = 0; i < count; ++i)
        if (granted[i] >= 0x80) fail("a subscription was refused");
    if (subscribed++ == 0) {
        char topic[JOBS_API_MAX_LENGTH(128U)], message[128];
        size_t topic_size;
        if (Jobs_StartNext(topic, sizeof(topic), thing, (uint16_t)strlen(thing), &topic_size) != JobsSuccess) fail("start-next");
        publish(topic, message, Jobs_StartNextMsg("token", 5, message, sizeof(message)), 1);
    } else {
        last_progress = time(NULL);
        ask_for_more();
    }
}

static void on_connect(struct mosquitto* from, void* data, int code) {
    char replies[JOBS_API_MAX_LENGTH(128U)];
    size_t size;
    (void)from;
    (void)data;
    if (code != 0) fail(mosquitto_connack_string(code));
    if (Jobs_GetTopic(replies, sizeof(replies), thing, (uint16_t)strlen(thing), JobsStartNextSuccess, &size) != JobsSuccess) fail("topic");
    if (mosquitto_subscribe(client, NULL, replies, 1) != MOSQ_ERR_SUCCESS) fail("subscribe");
}

static void report(void) {
    char topic[JOBS_API_MAX_LENGTH(128U)], message[256];
    size_t topic_size;
    JobsUpdateRequest_t update;
    memset(&update, 0, sizeof(update));
    update.status = Succeeded;
    if (Jobs_Update(topic, sizeof(topic), thing, (uint16_t)strlen(thing), job, (uint16_t)strlen(job), &topic_size) != JobsSuccess) fail("update");
    publish(topic, message, Jobs_UpdateMsg(update, message, sizeof(message)), 1);
    reported = 1;
}

int main(int argc, char** argv) {
    if (argc != 9) fail("usage: download HOST PORT CA CERTIFICATE KEY THING json|cbor FILE");
    thing = argv[6];
    type = strcmp(argv[7], "json") == 0 ? DATA_TYPE_JSON : DATA_TYPE_CBOR;
    if ((out = fopen(argv[8], "wb")) == NULL) fail("cannot open the file");
    mosquitto_lib_init();
    if ((client = mosquitto_new(thing, true, NULL)) == NULL) fail("no memory");
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_tls_set(client, argv[3], NULL, argv[4], argv[5], NULL) != MOSQ_ERR_SUCCESS) fail("certificates");
    if (mosquitto_connect(client, argv[1], atoi(argv[2]), 60) != MOSQ_ERR_SUCCESS) fail("connect");
    for (last_progress = time(NULL); !finished;) {
        const int code = mosquitto_loop(client, 200, 1);
        if (code != MOSQ_ERR_SUCCESS) fail(mosquitto_strerror(code));
        if (time(NULL) - last_progress > 30) fail("nothing came for 30 seconds");
        if (blocks != 0 && received < blocks && time(NULL) - last_progress > 2) ask_again();
        if (blocks != 0 && received == blocks && !reported) report();
    }
    mosquitto_disconnect(client);
    mosquitto_loop(client, 200, 1);
    if (fclose(out) != 0) fail("write");
    printf("%u bytes in %u blocks, %u requests\n", (unsigned)file.fileSize, (unsigned)blocks, (unsigned)requests);
    return 0;
}
