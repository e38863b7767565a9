// SPDX-License-Identifier: Apache-2.0
// One request on its way through authentication, dispatch and handler. The connection drives it: begin() on its loop, the
// rest on the blocking pool, one call at a time. A refusal at any point is an answer like any other.
#pragma once

#include "awsapi/dispatch.hpp"
#include "http/authenticate.hpp"
#include "http/door.hpp"
#include "sigv4/payload.hpp"

#include <optional>
#include <string>

namespace otabahn::http {

class Exchange {
  public:
    Exchange(const Door& door, awsapi::Request head, std::string peer_address);

    enum class Next {
        answer,      // refused by its head alone: refusal()
        whole_body,  // read it, then answer_whole()
        upload,      // begin_upload(), write() for each piece, finish_upload()
    };
    Next begin();

    // These block.
    awsapi::Response refusal();
    std::optional<awsapi::Response> refuse_stranger();  // before a large body is read: is there such a key at all?
    awsapi::Response answer_whole(std::string body);
    std::optional<awsapi::Response> begin_upload();              // an answer: refused, read no body
    std::optional<awsapi::Response> write(ByteView wire_bytes);  // likewise, and the upload is gone
    awsapi::Response finish_upload();
    void drop_upload();

    awsapi::Response busy();
    awsapi::Response too_large();
    awsapi::Response too_slow();
    awsapi::Response failed();  // a bug of ours

    bool is_head() const { return head_.method == "HEAD"; }
    const awsapi::Request& head() const { return head_; }
    std::string_view service_name() const { return recognised_.service ? recognised_.service->name : std::string_view("-"); }
    const std::string& operation() const { return operation_; }
    const std::string& request_id() const { return request_id_; }
    std::string access_key_id() const { return recognised_.claim ? recognised_.claim->access_key_id : "-"; }
    const std::string& denied_because() const { return reason_; }  // empty: it was not refused at the door

  private:
    awsapi::Response deny(const awsapi::ServiceError& error, std::string reason);
    awsapi::Response sent(awsapi::Response response) const;
    std::optional<awsapi::Response> admit(std::string_view payload_hash);
    std::optional<awsapi::Response> plan_payload(std::string_view payload_hash);
    std::optional<awsapi::Response> prepare_call();
    void undo_chunking();

    const Door& door_;
    awsapi::Request head_;
    const std::string peer_address_;
    Recognised recognised_;
    std::string request_id_, operation_ = "-", reason_;
    std::optional<Authenticated> authenticated_;
    std::optional<sigv4::Payload> payload_;
    std::optional<awsapi::Prepared> prepared_;
    std::unique_ptr<awsapi::ErasedUpload> upload_;
};

}  // namespace otabahn::http
