// SPDX-License-Identifier: Apache-2.0
// For the tests of this folder: a cloud of jobs with its registry, objects and roles on a fresh store, a clock that is set, and
// everything that a device would hear, in the order in which it would hear it.
#pragma once

#include "access/sql.hpp"
#include "api/iam.hpp"
#include "api/iot-jobs-data.hpp"
#include "api/iot.hpp"
#include "api/s3.hpp"
#include "blob/folder.hpp"
#include "bus/bus.hpp"
#include "jobs/jobs.hpp"
#include "jobs/sql.hpp"
#include "objects/sql.hpp"
#include "registry/registry.hpp"
#include "registry/sql.hpp"
#include "runtime/set_clock.hpp"
#include "store/store_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace otabahn::jobs {

namespace iot = api::iot;
namespace data = api::iot_jobs_data;

class NoAuthority final : public registry::DeviceAuthority {
  public:
    Result<std::string> issue(std::string_view, std::string_view) override {
        return fail(ErrorCode::not_implemented, "no certificates here");
    }
};

class JobsFixture : public ::testing::TestWithParam<store::testing::TestEngine> {
  protected:
    JobsFixture() : JobsFixture(Options{}) {}
    explicit JobsFixture(Options options)
        : blob_folder_(store::testing::make_scratch_folder()),
          blobs_(std::move(blob::open_folder(blob_folder_)).value()),
          store_(GetParam().open({{"access", access::sql::schema},
                                  {"registry", registry::sql::schema},
                                  {"objects", objects::sql::schema},
                                  {"jobs", sql::schema}})),
          access_(**store_, bus_, clock_),
          registry_(**store_, bus_, clock_, authority_, access_, "ota.example"),
          objects_(**store_, *blobs_, bus_, clock_, access_),
          jobs_(
              **store_, bus_, clock_, objects_, access_,
              [this](const AccountId&, const std::string& role, const std::string& bucket, const std::string& key,
                     const std::optional<std::string>& version, std::chrono::seconds life) -> Result<std::string> {
                  if (!presigner_failure_.empty()) return fail(ErrorCode::access_denied, presigner_failure_);
                  return "https://signed/" + bucket + "/" + key + "?v=" + version.value_or("") + "&life=" + std::to_string(life.count()) +
                         "&role=" + role.substr(role.rfind('/') + 1);
              },
              options) {
        access_.bind_rest(operations_);
        registry_.bind_rest(operations_);
        objects_.bind_rest(operations_);
        jobs_.bind_rest(operations_);
        bus_.on_publication(
            [this](const Scope&, const runtime::Publication& publication) { hear(publication.topic, publication.payload); });
    }
    ~JobsFixture() override { std::filesystem::remove_all(blob_folder_); }

    Scope scope(const std::string& region = "us-east-1") const { return {AccountId::trusted("561470034375"), Region::trusted(region)}; }
    awsapi::Caller root(const std::string& region = "us-east-1") const {
        return {.scope = scope(region), .arn = "arn:aws:iam::561470034375:root", .host = "127.0.0.1:4566", .root = true};
    }

    template <class Op>
    awsapi::Outcome<typename Op::Output> call(const awsapi::Caller& caller, typename Op::Input in) {
        auto out = operations_.find(Op::service, Op::name)->plain(caller, &in);
        if (!out) return Unexpected(out.error());
        return *std::static_pointer_cast<typename Op::Output>(*out);
    }
    template <class Op>
    awsapi::Outcome<typename Op::Output> call(typename Op::Input in) {
        return call<Op>(root(), std::move(in));
    }

    void make_thing(const std::string& name) { ASSERT_TRUE(call<iot::CreateThing>({.thing_name = name})); }
    void make_group(const std::string& name, const std::vector<std::string>& members) {
        ASSERT_TRUE(call<iot::CreateThingGroup>({.thing_group_name = name}));
        for (const auto& member : members) ASSERT_TRUE(call<iot::AddThingToThingGroup>({.thing_group_name = name, .thing_name = member}));
    }
    void make_object(const std::string& bucket, const std::string& key, std::string_view bytes) {
        ASSERT_TRUE(call<api::s3::CreateBucket>({.bucket = bucket}));
        const auto put = objects_.put(bucket, key, "application/json", bytes);
        ASSERT_TRUE(put) << put.error().message;
    }
    void make_role(const std::string& name, const std::string& service, const std::string& permission) {
        const std::string trust = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":")" + service +
                                  R"("},"Action":"sts:AssumeRole"}]})";
        const auto made = call<api::iam::CreateRole>({.role_name = name, .assume_role_policy_document = trust});
        ASSERT_TRUE(made) << made.error().message;
        if (permission.empty()) return;
        const auto put =
            call<api::iam::PutRolePolicy>({.role_name = name,
                                           .policy_name = "p",
                                           .policy_document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" +
                                                              permission + R"(","Resource":"*"}]})"});
        ASSERT_TRUE(put) << put.error().message;
    }
    static std::string role_arn(const std::string& name) { return "arn:aws:iam::561470034375:role/" + name; }

    std::string thing_target(const std::string& name) const { return scope().arn("iot", "thing/" + name); }
    std::string group_target(const std::string& name) const { return scope().arn("iot", "thinggroup/" + name); }

    iot::CreateJobRequest job_for(const std::string& id, const std::string& target, const std::string& document = R"({"x":1})") const {
        iot::CreateJobRequest out;
        out.job_id = id;
        out.targets = {target};
        out.document = document;
        return out;
    }
    void make_job(const std::string& id, const std::string& target, const std::string& document = R"({"x":1})") {
        const auto made = call<iot::CreateJob>(job_for(id, target, document));
        ASSERT_TRUE(made) << made.error().message;
    }

    // The device publishes on $aws/things/THING/jobs/SUFFIX; replies and publications are heard as the gateway delivers them.
    void say(const std::string& thing, const std::string& suffix, const std::string& payload) {
        const std::string topic = "$aws/things/" + thing + "/jobs/" + suffix;
        ASSERT_TRUE(jobs_.fits(topic));
        auto replies =
            jobs_.call({.scope = scope(), .topic = topic, .payload = payload, .qos = 1, .client_id = thing, .certificate_id = ""});
        for (const auto& reply : replies) hear(reply.topic, reply.payload);
        for (auto& publication : replies.then) bus_.publish(scope(), std::move(publication));
    }
    void hear(const std::string& topic, const std::string& payload) {
        constexpr std::string_view prefix = "$aws/things/";
        heard_.push_back(topic.substr(prefix.size()) + " " + payload);
    }
    // What was heard since the last time, without "/jobs" between thing and topic.
    std::vector<std::string> heard() {
        auto out = std::exchange(heard_, {});
        for (auto& line : out)
            if (const auto at = line.find("/jobs/"); at != std::string::npos) line.erase(at, 5);
        return out;
    }

    iot::Job job(const std::string& id) {
        const auto described = call<iot::DescribeJob>({.job_id = id});
        EXPECT_TRUE(described) << described.error().message;
        return described && described->job ? *described->job : iot::Job();
    }
    std::string status_of(const std::string& id) { return job(id).status.value_or("?"); }
    iot::JobExecution execution(const std::string& id, const std::string& thing) {
        const auto described = call<iot::DescribeJobExecution>({.job_id = id, .thing_name = thing});
        EXPECT_TRUE(described) << described.error().message;
        return described && described->execution ? *described->execution : iot::JobExecution();
    }

    runtime::SetClock clock_{std::int64_t{100}};
    bus::InProcessBus bus_;
    NoAuthority authority_;
    std::filesystem::path blob_folder_;
    std::unique_ptr<runtime::BlobStore> blobs_;
    std::unique_ptr<store::testing::TestStore> store_;
    access::Access access_;
    registry::Registry registry_;
    objects::Objects objects_;
    std::string presigner_failure_;
    Jobs jobs_;
    awsapi::Operations operations_;
    std::vector<std::string> heard_;
};

}  // namespace otabahn::jobs
