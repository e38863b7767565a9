// SPDX-License-Identifier: Apache-2.0
// One run of the operator's tool: where it talks to, as whom, and how it speaks to its user. What is going on goes to
// standard error; the result goes to standard output, as sentences or as one JSON object (--output json).
#pragma once

#include "awsapi/service_error.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "client/client.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::operator_tool {

struct GlobalFlags {
    std::string profile, region, endpoint_url, output = "text";
};

class Session {
  public:
    // Finds credentials, region and endpoint as AWS's own CLI does, and asks the endpoint whether it is otabahn.
    static Result<Session> open(const GlobalFlags& flags);

    client::Client& aws() { return aws_; }
    const std::optional<client::WellKnown>& server() const { return server_; }  // nothing: AWS itself
    const Scope& scope() const { return scope_; }
    bool json() const { return json_; }

    void say(std::string_view sentence) const;                                      // standard error, text mode only
    void tell(std::string_view sentence, const boost::json::object& result) const;  // standard output: one or the other

  private:
    Session(client::Client aws, std::optional<client::WellKnown> server, Scope scope, bool json)
        : aws_(std::move(aws)), server_(std::move(server)), scope_(std::move(scope)), json_(json) {}
    client::Client aws_;
    std::optional<client::WellKnown> server_;
    Scope scope_;
    bool json_;
};

// A failed call as our own error: the message gets what was being done in front.
Error while_doing(std::string_view what, const awsapi::ServiceError& error);

Result<std::string> read_file(const std::string& file);

}  // namespace otabahn::operator_tool
