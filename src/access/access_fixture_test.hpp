// SPDX-License-Identifier: Apache-2.0
// One account on a fresh store of each engine, with operations that are called as the HTTP side calls them.
#pragma once

#include "access/access.hpp"
#include "access/sql.hpp"
#include "bus/bus.hpp"
#include "runtime/set_clock.hpp"
#include "store/store_suite.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace otabahn::access::testing_support {

inline const std::string iot_trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"iot.amazonaws.com"},"Action":"sts:AssumeRole"}]})";

inline std::string allow_document(const std::string& action, const std::string& resource) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" + action + R"(","Resource":")" + resource + R"("}]})";
}

class AccessTest : public ::testing::TestWithParam<store::testing::TestEngine> {
  protected:
    AccessTest() : store_(GetParam().open({{"access", sql::schema}})), access_(**store_, bus_, clock_) {
        access_.bind_rest(operations_);
        bus_.on_change([this](const runtime::Change& change) {
            if (change.kind == runtime::ChangeKind::role) changed_roles_.push_back(change.key);
        });
        caller_.root = true;
        caller_.arn = "arn:aws:iam::123456789012:root";
        caller_.user_id = "123456789012";
    }

    template <class Op>
    awsapi::Outcome<typename Op::Output> call(const typename Op::Input& in) {
        return call_as<Op>(caller_, in);
    }
    template <class Op>
    awsapi::Outcome<typename Op::Output> call_as(const awsapi::Caller& caller, const typename Op::Input& in) {
        const auto* bound = operations_.find(Op::service, Op::name);
        if (bound == nullptr) throw std::logic_error(std::string(Op::name) + " is not bound");
        auto out = bound->plain(caller, &in);
        if (!out) return Unexpected(std::move(out).error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }

    AccountId account() const { return caller_.scope.account; }

    runtime::SetClock clock_{std::int64_t{1'751'112'000}};  // 2025-06-28T12:00:00Z
    bus::InProcessBus bus_;
    std::unique_ptr<store::testing::TestStore> store_;
    Access access_;
    awsapi::Operations operations_;
    awsapi::Caller caller_{Scope{AccountId::trusted("123456789012"), Region::trusted("us-east-1")}, {}, {}, {}, {}, {}, false};
    std::vector<std::string> changed_roles_;
};

}  // namespace otabahn::access::testing_support
