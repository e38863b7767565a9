// SPDX-License-Identifier: Apache-2.0
// Calls AWS's APIs, on AWS or on otabahn: typed, signed, with retries where they are safe. A failure's `code` is the
// service's; its message is a sentence that names call and endpoint, and what to do next where that is known. One thread.
#pragma once

#include "api/s3.hpp"
#include "awsapi/codec.hpp"
#include "client/endpoints.hpp"
#include "client/settings.hpp"
#include "client/transfer.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::client {

// What otabahn says of itself at /.well-known/otabahn.
struct WellKnown {
    std::string http, mqtt, https, device_https, account, quotas, root_ca;
};

using Progress = std::function<void(std::uint64_t sent, std::uint64_t total)>;

class Client {
  public:
    static Result<Client> open(const Overrides& overrides, const Environment& environment = Environment::of_process());
    explicit Client(Settings settings);

    // Nothing: the endpoint is AWS's, or answers like it.
    Result<std::optional<WellKnown>> find_server();

    template <class Op>
    awsapi::Outcome<typename Op::Output> call(const typename Op::Input& input) {
        const awsapi::OperationRow& operation = awsapi::row<Op>();
        auto response = send(operation, awsapi::encode_request(operation, &input), nullptr, {});
        if (!response) return Unexpected(std::move(response).error());
        typename Op::Output output{};
        if (auto decoded = awsapi::decode_output(operation, *response, &output); !decoded)
            return Unexpected(explained(operation, decoded.error()));
        return output;
    }

    // The file is read twice: once for the hash that is signed, once to be sent; it never sits in memory.
    awsapi::Outcome<api::s3::PutObjectOutput> put_object(api::s3::PutObjectRequest input, const std::string& file,
                                                         const Progress& progress);
    awsapi::Outcome<api::s3::PutObjectOutput> put_object_bytes(const api::s3::PutObjectRequest& input, std::string_view bytes);
    // Whole, for small ones.
    awsapi::Outcome<std::string> get_object(const api::s3::GetObjectRequest& input);

    const std::string& region() const { return settings_.region; }
    const Settings& settings() const { return settings_; }

    // For tests: the time of signatures, and how to wait between attempts.
    void set_clock(std::function<Timestamp()> now) { now_ = std::move(now); }
    void set_pause(std::function<void(std::chrono::milliseconds)> pause) { pause_ = std::move(pause); }

  private:
    // A body that streams, from its beginning at each attempt.
    struct Streamed {
        std::string sha256;
        std::uint64_t size;
        std::function<bool()> rewind;
        std::function<std::size_t(char*, std::size_t)> read;
    };

    awsapi::Outcome<awsapi::Response> send(const awsapi::OperationRow& operation, awsapi::Request request, const Streamed* streamed,
                                           std::size_t answer_limit);
    awsapi::Outcome<awsapi::Response> attempt(const awsapi::OperationRow& operation, const Endpoint& endpoint,
                                              const awsapi::Request& request, const Streamed* streamed, std::size_t answer_limit);
    awsapi::ServiceError explained(const awsapi::OperationRow& operation, awsapi::ServiceError error) const;

    Settings settings_;
    Transfer transfer_;
    std::function<Timestamp()> now_;
    std::function<void(std::chrono::milliseconds)> pause_;
};

}  // namespace otabahn::client
