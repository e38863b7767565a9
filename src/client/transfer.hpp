// SPDX-License-Identifier: Apache-2.0
// One HTTP request and its answer by libcurl. Connections are kept between requests. One thread at a time.
#pragma once

#include "awsapi/request.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace otabahn::client {

enum class TransferFault { refused, unresolved, timed_out, tls, too_large, broken };

struct TransferError {
    TransferFault fault;
    std::string message;  // libcurl's

    TransferError(TransferFault what, std::string text) : fault(what), message(std::move(text)) {}
};

// A body that does not sit in memory.
struct UploadSource {
    std::function<std::size_t(char* into, std::size_t size)> read;  // 0: the end; npos: it failed
    std::uint64_t size = 0;
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

struct TransferRequest {
    std::string method, url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    const UploadSource* upload = nullptr;  // when set, the body
    std::size_t answer_limit = 64 * 1024 * 1024;
    std::string ca_bundle;
};

class Transfer {
  public:
    Transfer();
    ~Transfer();
    Transfer(Transfer&&) noexcept;
    Transfer& operator=(Transfer&&) noexcept;

    Result<awsapi::Response, TransferError> send(const TransferRequest& request);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace otabahn::client
