"""Seconds from an upload to the published video: through the deployed workflow, and by a script that calls the same.

The script is what one would write in an afternoon: boto3 calls, one after the other, the three answers at once. It
keeps no input, asks nobody, retries by its SDK alone, and dies with its machine. Both run on a local AWS of their own,
whose models and speech are stand-ins that answer at once: what is compared is what the workflow adds. The review is
answered by this program as soon as its link is there. Run it as `python -m bench.genai [--quick]`.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bench._deployment import deployed
from bench._report import tell
from components.genai.approval import CANDIDATE
from components.genai.defaults import IMAGE_MODEL, TEMPERATURES, TEXT_MODEL
from local.client import client
from local.settings import Settings

MEDIA = b"\0\0\0\x18ftypmp42" + bytes(1000)
DEADLINE_S = 60
POLL_S = 1
PROGRAM = f"""
import pulumi
from components.genai import GenAiWorkflow, GenAiWorkflowArgs

titles = GenAiWorkflow("titles", GenAiWorkflowArgs(approval_page="https://front.example/", poll_s={POLL_S}))
pulumi.export("uploads", titles.uploads.bucket.bucket)
pulumi.export("work", titles.work.bucket.bucket)
pulumi.export("results", titles.results.table.name)
pulumi.export("bus", titles.bus.bus.name)
pulumi.export("reviewers", titles.reviewers)
pulumi.export("decide", titles.approval.decide.machine.arn)
"""


@dataclass
class Place:
    """A local AWS with a deployed workflow, and a reviewer's mailbox."""

    settings: Settings
    outputs: dict[str, str]
    mailbox: str = ""

    def client(self, service: str) -> Any:
        """A client of the local AWS."""
        return client(service, self.settings)

    def open_mailbox(self) -> None:
        """Subscribe a queue to the links."""
        sqs, topic = self.client("sqs"), self.outputs["reviewers"]
        self.mailbox = sqs.create_queue(QueueName="reviewers")["QueueUrl"]
        arn = f"arn:aws:sqs:{self.settings.region}:{self.settings.account}:reviewers"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self.mailbox, Attributes={"Policy": policy})
        raw = {"RawMessageDelivery": "true"}
        self.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)

    def published(self, key: str) -> bool:
        """Whether the video of this upload stands in the results."""
        items = self.client("dynamodb").scan(TableName=self.outputs["results"])["Items"]
        return any(item["file"]["S"] == key for item in items)


def by_workflow(place: Place) -> float:
    """Upload, and decide as soon as the link is there; seconds until the video is published."""
    key, sqs = f"{uuid.uuid4().hex}.mp4", place.client("sqs")
    start = time.perf_counter()
    place.client("s3").put_object(Bucket=place.outputs["uploads"], Key=key, Body=MEDIA)
    (message,) = _until(lambda: sqs.receive_message(QueueUrl=place.mailbox, WaitTimeSeconds=1).get("Messages"))
    sqs.delete_message(QueueUrl=place.mailbox, ReceiptHandle=message["ReceiptHandle"])
    parts = dict(parse_qsl(message["Body"].partition("#")[2].strip()))
    decision = {
        **{"reference": parts["r"], "expires": int(parts["e"]), "mac": parts["m"], "decision": "approve"},
        **{"title": "A title of this length", "description": "A description of this length"},
    }
    machines, given = place.client("stepfunctions"), json.dumps(decision)

    def decided() -> bool:
        answer = machines.start_sync_execution(stateMachineArn=place.outputs["decide"], input=given)
        return answer["status"] == "SUCCEEDED"

    _until(decided)
    _until(lambda: place.published(key))
    return time.perf_counter() - start


def by_script(place: Place) -> float:
    """The same calls, one after the other; seconds."""
    run, work = uuid.uuid4().hex, place.outputs["work"]
    key = f"{run}.txt"  # no workflow takes it up
    s3, speech, models = place.client("s3"), place.client("transcribe"), place.client("bedrock-runtime")
    start = time.perf_counter()
    s3.put_object(Bucket=place.outputs["uploads"], Key=key, Body=MEDIA)
    media = {"MediaFileUri": f"s3://{place.outputs['uploads']}/{key}"}
    where = {"OutputBucketName": work, "OutputKey": f"scripts/{run}.json"}
    speech.start_transcription_job(TranscriptionJobName=run, Media=media, IdentifyLanguage=True, **where)
    while (
        speech.get_transcription_job(TranscriptionJobName=run)["TranscriptionJob"]["TranscriptionJobStatus"]
        != "COMPLETED"
    ):
        time.sleep(POLL_S)
    said = json.loads(s3.get_object(Bucket=work, Key=where["OutputKey"])["Body"].read())
    prompt = f"{said['results']['transcripts'][0]['transcript']}\nAnswer as JSON: {json.dumps(CANDIDATE)}"

    def ask(temperature: float) -> Any:
        messages = [{"role": "user", "content": [{"text": prompt}]}]
        limits = {"temperature": temperature, "maxTokens": 400}
        answer = models.converse(modelId=TEXT_MODEL, messages=messages, inferenceConfig=limits)
        return json.loads(answer["output"]["message"]["content"][0]["text"])

    with ThreadPoolExecutor() as pool:
        chosen = next(iter(pool.map(ask, TEMPERATURES)))
    size = {"numberOfImages": 1, "width": 1024, "height": 1024}
    body = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": chosen["title"]}, "imageGenerationConfig": size}
    drawn = json.loads(models.invoke_model(modelId=IMAGE_MODEL, body=json.dumps(body))["body"].read())
    s3.put_object(Bucket=work, Key=f"scripts/{run}.png", Body=base64.b64decode(drawn["images"][0]))
    item = {"run": {"S": run}, "file": {"S": key}, "title": {"S": chosen["title"]}}
    place.client("dynamodb").put_item(TableName=place.outputs["results"], Item=item)
    entry = {"EventBusName": place.outputs["bus"], "Source": "script", "DetailType": "video.published", "Detail": "{}"}
    place.client("events").put_events(Entries=[entry])
    return time.perf_counter() - start


def _until(asked: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (found := asked()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing came of it within {DEADLINE_S} s")
        time.sleep(0.05)
    return found


def compare(turns: int) -> dict[str, float]:
    """Workflow and script in turns, after one of each that warms up; the medians."""
    with deployed("bench-genai", PROGRAM) as (settings, outputs):
        place = Place(settings, outputs)
        place.open_mailbox()
        pairs = [(by_workflow(place), by_script(place)) for _ in range(turns + 1)][1:]
    workflow, script = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {
        "workflow_s": round(workflow, 2),
        "script_s": round(script, 2),
        "workflow_to_script": round(workflow / script, 2),
    }


def main() -> None:
    """Print a line a figure, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three videos; under a minute")
    figures = compare(3 if parser.parse_args().quick else 15)
    for name, figure in figures.items():
        print(f"{name:32} {figure:12,.2f}")
    goals = {"workflow_to_script": ("<=", 2.0)}
    tell("genai", figures, goals)


if __name__ == "__main__":
    main()
