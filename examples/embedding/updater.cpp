// SPDX-License-Identifier: Apache-2.0
// The updater embedded in a C++ program: updater-cpp FOLDER THING HOST PORT. In FOLDER lie certificate.pem, private.key, root-ca.pem,
// trust.pem (who may sign), and slot.0 with version 1.0.0, as it left the factory. What "runs" an image here is a printed line.
#include "device/port/runner.hpp"
#include "platform.h"

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

using namespace otabahn;
using namespace otabahn::device;
using Bytes = std::vector<std::uint8_t>;

class Board final : public Slots, public StateStorage, public Verifier, public Program, public Transport, public Log, public Clock {
  public:
    Trouble prepare(std::uint8_t slot, std::uint64_t) override { return put("slot", slot, "wb", 0, {}); }
    Trouble write(std::uint8_t slot, std::uint64_t offset, ByteView bytes) override { return put("slot", slot, "r+b", offset, bytes); }
    Trouble flush(std::uint8_t) override { return std::nullopt; }  // put() has done it
    Trouble keep_document(std::uint8_t, ByteView) override { return std::nullopt; }
    Answer activate(std::uint8_t) override { return Input::done(ActionKind::activate, true); }
    Answer confirm(std::uint8_t) override { return Input::done(ActionKind::confirm, true); }
    Answer roll_back(std::uint8_t) override { return Input::done(ActionKind::roll_back, true); }

    ByteView read(std::uint8_t page) override { return pages_[page] = get("page", page, 2'048); }
    Trouble write(std::uint8_t page, ByteView bytes) override { return put("page", page, "wb", 0, bytes); }

    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override {
        return Input::checked(trust(signature, digest != nullptr ? *digest : hash(message)));
    }
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) override {
        const Bytes bytes = get("slot", slot, size);
        const Digest digest = hash(bytes);
        const Trust verdict = signature.kind == SignatureKind::none ? Trust::good : trust(signature, digest);
        return Input::verified(bytes.size() == size, digest, verdict);
    }
    Answer restart(std::uint8_t slot) override {
        std::cout << "slot " << int{slot} << " runs" << std::endl;
        return Input::done(ActionKind::restart, true);
    }
    Answer self_test(std::uint8_t) override { return Input::done(ActionKind::self_test, true); }

    void publish(std::string_view topic, ByteView payload, std::uint8_t qos) override {
        mosquitto_publish(mqtt, nullptr, std::string(topic).c_str(), static_cast<int>(payload.size()), payload.data(), qos, false);
    }
    void subscribe(std::string_view topic) override { mosquitto_subscribe(mqtt, nullptr, std::string(topic).c_str(), 1); }
    void unsubscribe(std::string_view topic) override { mosquitto_unsubscribe(mqtt, nullptr, std::string(topic).c_str()); }
    void note(std::string_view text) override { std::cerr << text << '\n'; }
    Millis now() const override { return Millis(monotonic_milliseconds()); }

    static Bytes get(const char* name, int number, std::size_t room) {
        Bytes bytes(room);
        bytes.resize(get_file(name, number, bytes.data(), room));
        return bytes;
    }
    static Digest hash(ByteView bytes) {
        Digest digest;
        sha256(bytes.data(), bytes.size(), digest.data());
        return digest;
    }
    mosquitto* mqtt = nullptr;

  private:
    static Trouble put(const char* name, int number, const char* mode, std::uint64_t offset, ByteView bytes) {
        return put_file(name, number, mode, offset, bytes.data(), bytes.size()) ? Trouble() : Trouble("a file cannot be written");
    }
    static Trust trust(const SignatureFacts& signature, const Digest& digest) {
        return is_signed_by_trusted(digest.data(), signature.value.data(), signature.value.size()) ? Trust::good : Trust::wrong;
    }
    Bytes pages_[2];
};

Runner& runner_of(void* user) { return *static_cast<Runner*>(user); }
void up(mosquitto*, void* user, int rc) { runner_of(user).feed(Input::connection(rc == 0)); }
void down(mosquitto*, void* user, int) { runner_of(user).feed(Input::connection(false)); }
void arrived(mosquitto*, void* user, const mosquitto_message* got) {
    const auto* bytes = static_cast<const std::uint8_t*>(got->payload);
    runner_of(user).feed(Input::message(got->topic, {bytes, static_cast<std::size_t>(got->payloadlen)}));
}

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    std::filesystem::current_path(argv[1]);
    std::vector<char> out(Memory::least_out), document(32'768);
    Bytes scratch(32'768), signature(512), bitmap(512), page(Record::fixed_bytes_at_most + bitmap.size());
    Board board;
    Settings settings;
    settings.thing = argv[2];
    settings.policy.slot_bytes = 1 << 24;
    Update update(settings, {out, document, scratch, signature, bitmap, page});
    Runner runner(update, {board, board, board, board, board, board, board});
    const Bytes first = Board::get("slot", 0, settings.policy.slot_bytes);
    if (!runner.has_record() && !runner.write_first_record(first.size(), Board::hash(first), "1.0.0", page)) return 1;
    runner.boot({});
    board.mqtt = new_mqtt(argv[2], &runner, up, down, arrived);
    run_mqtt(board.mqtt, argv[3], std::stoi(argv[4]), [](void* user) { runner_of(user).tick(); }, &runner);
}
