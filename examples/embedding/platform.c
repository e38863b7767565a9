// SPDX-License-Identifier: Apache-2.0
#include "platform.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static FILE* open_file(const char* name, int number, const char* mode) {
    char path[64];
    snprintf(path, sizeof path, "%s.%d", name, number);
    return fopen(path, mode);
}

bool put_file(const char* name, int number, const char* mode, uint64_t offset, const void* bytes, size_t size) {
    FILE* file = open_file(name, number, mode);
    if (file == NULL) return false;
    bool good = fseek(file, (long)offset, SEEK_SET) == 0 && fwrite(bytes, 1, size, file) == size;
    good = fflush(file) == 0 && fsync(fileno(file)) == 0 && good;
    return fclose(file) == 0 && good;
}

size_t get_file(const char* name, int number, void* out, size_t room) {
    FILE* file = open_file(name, number, "rb");
    if (file == NULL) return 0;
    const size_t size = fread(out, 1, room, file);
    fclose(file);
    return size;
}

void sha256(const void* bytes, size_t size, uint8_t digest[32]) { EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL); }

bool is_signed_by_trusted(const uint8_t digest[32], const void* signature, size_t size) {
    FILE* file = fopen("trust.pem", "r");
    X509* certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (file != NULL) fclose(file);
    EVP_PKEY_CTX* context = certificate != NULL ? EVP_PKEY_CTX_new(X509_get0_pubkey(certificate), NULL) : NULL;
    const bool good = context != NULL && EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
                      EVP_PKEY_verify(context, signature, size, digest, 32) == 1;
    EVP_PKEY_CTX_free(context);
    X509_free(certificate);
    return good;
}

uint64_t monotonic_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

struct mosquitto* new_mqtt(const char* thing, void* user, void (*up)(struct mosquitto*, void*, int),
                           void (*down)(struct mosquitto*, void*, int),
                           void (*arrived)(struct mosquitto*, void*, const struct mosquitto_message*)) {
    mosquitto_lib_init();
    struct mosquitto* mqtt = mosquitto_new(thing, true, user);
    mosquitto_connect_callback_set(mqtt, up);
    mosquitto_disconnect_callback_set(mqtt, down);
    mosquitto_message_callback_set(mqtt, arrived);
    mosquitto_tls_set(mqtt, "root-ca.pem", NULL, "certificate.pem", "private.key", NULL);
    return mqtt;
}

void run_mqtt(struct mosquitto* mqtt, const char* host, int port, void (*tick)(void* user), void* user) {
    for (int rc = mosquitto_connect(mqtt, host, port, 60);; rc = mosquitto_loop(mqtt, 100, 1)) {
        if (rc != MOSQ_ERR_SUCCESS) {
            sleep(1);
            mosquitto_reconnect(mqtt);
        }
        tick(user);
    }
}
